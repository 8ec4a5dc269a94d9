#!/usr/bin/python3
"""Runs the tests of builds that exist: tests/run.py [--only unit,e2e,tls,browser,fuzz] PRESET...

For each preset of CMakePresets.json: ctest, then the end-to-end tests against build/PRESET/dunlin; for
release also the browser tests, and the end-to-end tests once more over TLS. For the preset fuzz: each fuzz target for a few seconds. Goes on after a failure, so that one run tells all; the last line is the
sum, and the exit status says whether everything passed and something was run.
"""

import argparse
import os
import re
import subprocess
import sys
import time
import xml.etree.ElementTree as ElementTree
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
WORKERS = "2"  # Most tests wait for sockets; more workers than cores would only stretch the timing.


@dataclass
class Outcome:
    name: str
    passed: int
    failed: int
    skipped: int
    seconds: float


def run(command: list[str], preset: str, **environment: str) -> int:
    print(f"\n== {preset}: {' '.join(command)}", flush=True)
    variables = os.environ | {"DUNLIN_BIN": str(ROOT / "build" / preset / "dunlin")} | environment
    return subprocess.run(command, cwd=ROOT, env=variables, check=False).returncode


def junit_counts(file: Path) -> tuple[int, int, int]:
    """Passed, failed and skipped test cases; no file means that the runner died."""
    if not file.exists():
        return 0, 1, 0
    cases = list(ElementTree.parse(file).getroot().iter("testcase"))
    failed = sum(1 for case in cases if case.find("failure") is not None or case.find("error") is not None)
    skipped = sum(1 for case in cases if case.find("skipped") is not None)
    return len(cases) - failed - skipped, failed, skipped


FUZZ_SECONDS = "4"  # A look at the seeds and what is near them; `make fuzz` looks longer.


def fuzz(preset: str) -> tuple[int, int, int]:
    if preset != "fuzz":
        return 0, 0, 0
    command = ["tests/fuzz/run.py", "--seconds", FUZZ_SECONDS]
    print(f"\n== {preset}: {' '.join(command)}", flush=True)
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        last = ""
        for line in process.stdout:
            sys.stdout.write(line)
            last = line
    held = re.match(r"(\d+) held, (\d+) failed", last)
    return (int(held[1]), int(held[2]), 0) if held else (0, 1, 0)


def unit(preset: str) -> tuple[int, int, int]:
    if preset == "fuzz":
        return 0, 0, 0
    report = ROOT / "build" / preset / "unit.xml"
    report.unlink(missing_ok=True)
    status = run(["ctest", "--test-dir", f"build/{preset}", "--output-on-failure", "-j", WORKERS, "--no-tests=error",
                  "--output-junit", str(report)], preset)
    passed, failed, skipped = junit_counts(report)
    return passed, max(failed, int(status != 0)), skipped


# Nothing of the gateway runs in these: once is enough.
WITHOUT_GATEWAY = ["tests/e2e/test_bench_peers.py"]
# Their clients choose for themselves where TLS is spoken.
WITHOUT_TLS = [*WITHOUT_GATEWAY, *(f"tests/e2e/test_bench{part}.py" for part in ("", "_tls", "_deflate"))]


def e2e(preset: str, name: str = "e2e", **environment: str) -> tuple[int, int, int]:
    if preset == "fuzz":
        return 0, 0, 0
    report = ROOT / "build" / preset / f"{name}.xml"
    report.unlink(missing_ok=True)
    left_out = [f"--ignore={file}" for file in (WITHOUT_TLS if name == "tls" else WITHOUT_GATEWAY if preset != "release" else [])]
    status = run(["/usr/bin/python3", "-m", "pytest", "tests/e2e", "-q", "-n", WORKERS, "--dist", "loadfile",
                  f"--junitxml={report}", *left_out], preset,
                 DUNLIN_TEST_PATIENCE="30" if preset == "release" else "90", **environment)
    passed, failed, skipped = junit_counts(report)
    return passed, max(failed, int(status != 0)), skipped


def tls(preset: str) -> tuple[int, int, int]:
    return e2e(preset, "tls", DUNLIN_TEST_TLS="1") if preset == "release" else (0, 0, 0)


def browser(preset: str) -> tuple[int, int, int]:
    if preset != "release":
        return 0, 0, 0
    report = ROOT / "build" / preset / "browser.tap"
    files = sorted(str(file.relative_to(ROOT)) for file in (ROOT / "tests/browser").glob("*.test.mjs"))
    command = ["node", "--test", "--test-reporter=tap", *files]
    print(f"\n== {preset}: {' '.join(command)}", flush=True)
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True,
                          env=os.environ | {"DUNLIN_BIN": str(ROOT / "build" / preset / "dunlin")}) as process:
        lines = []
        for line in process.stdout:
            lines.append(line)
            sys.stdout.write(line)
    report.write_text("".join(lines), encoding="utf-8")
    total = {key: int(value) for key, value in re.findall(r"^# (pass|fail|cancelled|skipped) (\d+)$", "".join(lines), re.M)}
    failed = total.get("fail", 0) + total.get("cancelled", 0)
    return total.get("pass", 0), max(failed, int(process.returncode != 0)), total.get("skipped", 0)


KINDS = {"unit": unit, "e2e": e2e, "tls": tls, "browser": browser, "fuzz": fuzz}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("presets", nargs="+", metavar="PRESET")
    parser.add_argument("--only", default=",".join(KINDS), help="comma-separated: unit, e2e, tls, browser, fuzz")
    arguments = parser.parse_args()

    outcomes = []
    for preset in arguments.presets:
        for kind in arguments.only.split(","):
            began = time.monotonic()
            outcomes.append(Outcome(f"{preset} {kind}", *KINDS[kind](preset), time.monotonic() - began))

    print("\n== in all", flush=True)
    for outcome in outcomes:
        if outcome.passed + outcome.failed + outcome.skipped:
            print(f"{outcome.name:16} {outcome.passed:5} passed {outcome.failed:4} failed {outcome.skipped:4} skipped "
                  f"{outcome.seconds:6.0f} s")
    passed, failed, skipped = (sum(getattr(o, key) for o in outcomes) for key in ("passed", "failed", "skipped"))
    if skipped:
        print(f"{skipped} skipped")
    print(f"{passed} passed, {failed} failed", flush=True)
    return 0 if failed == 0 and passed > 0 else 1


if __name__ == "__main__":
    sys.exit(main())
