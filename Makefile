# The one list of commands to remember. `make help` prints it.
.DEFAULT_GOAL := help
WERROR ?= ON
SOURCES = git ls-files -co --exclude-standard '*.cc' '*.h'

run: setup-build build-release  ## Install what is missing, build, and start the gateway
	@build/release/dunlin serve $(ARGS)

build: setup-build build-release  ## Build build/release/dunlin and build/release/dunlin-bench

test: setup-test setup-fuzz build-release build-asan build-tsan build-fuzz  ## Install what is missing, build, run every test
	@tests/run.py release asan tsan fuzz

bench: setup-bench build-release  ## Micro-benchmarks, then the gateway beside other servers; ARGS="--quick" for a first look
	@for b in build/release/*_bench; do $$b --benchmark_min_time=0.2 || exit 1; done
	@bench/run.sh $(ARGS)

lint: setup-lint  ## Check the formatting, then clang-tidy
	@$(SOURCES) | xargs clang-format-19 --dry-run -Werror
	@$(MAKE) --no-print-directory tidy

format: setup-lint  ## Rewrite the sources as .clang-format says
	@$(SOURCES) | xargs clang-format-19 -i

tidy: setup-lint build-release  ## clang-tidy over every source
	@run-clang-tidy-19 -quiet -p build/release '$(CURDIR)/(proto|gateway|bench)/.*\.cc$$'

asan: setup-test build-asan  ## Unit and end-to-end tests with the address and undefined-behaviour sanitizers
	@tests/run.py asan

tsan: setup-test build-tsan  ## The same with the thread sanitizer
	@tests/run.py tsan

FUZZ_SECONDS ?= 30
fuzz: setup-fuzz build-fuzz  ## Each fuzz target for FUZZ_SECONDS (30); ARGS=NAME for one
	@tests/fuzz/run.py --seconds $(FUZZ_SECONDS) $(ARGS)

CHAOS_SECONDS ?= 300
chaos: setup-test build-release  ## Everything that can go wrong at once, for CHAOS_SECONDS (300), and then the sums
	@DUNLIN_CHAOS_SECONDS=$(CHAOS_SECONDS) /usr/bin/python3 -m pytest -q -s tests/e2e/test_chaos.py $(ARGS)

package: build  ## A .deb of the gateway in build/release
	@cd build/release && cpack -G DEB

clean:  ## Remove everything that was built
	rm -rf build

help:  ## This list
	@sed -n 's/^\([a-z]*\):.*  ## /\1\t/p' $(MAKEFILE_LIST) | expand -t 10

setup-%:
	@deploy/setup.sh $*

build-%:
	@cmake --preset $* -DDUNLIN_WERROR=$(WERROR) --log-level=WARNING >/dev/null
	@cmake --build --preset $*

.PHONY: run build test bench lint format tidy asan tsan fuzz chaos package clean help
