#!/usr/bin/python3
"""Runs the fuzz targets that are built: tests/fuzz/run.py [--seconds S] [--jobs N] [NAME...]

Each target starts from the seeds in tests/fuzz/corpus/NAME and from what earlier runs found, which is kept
in build/fuzz/corpus/NAME; tests/fuzz/dictionary/NAME.dict helps where there is one. What fails is kept in
build/fuzz/found/ and run again with the target alone: build/fuzz/NAME_fuzzer FILE. The exit status says
whether every target held.
"""

import argparse
import os
import re
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

HERE = Path(__file__).resolve().parent
BUILD = HERE.parents[1] / "build/fuzz"
TELL_EVERY = 30  # Seconds between lines of progress of one target.
INPUT_SECONDS_MAX = 10  # One small input that takes this long is a fault.
GRACE = 60  # For reading the corpus and ending.

_printing = threading.Lock()


def tell(name: str, text: str) -> None:
    with _printing:
        print(f"{name:16} {text}", flush=True)


def command(name: str, seconds: int) -> list[str]:
    grown = BUILD / "corpus" / name
    found = BUILD / "found"
    grown.mkdir(parents=True, exist_ok=True)
    found.mkdir(parents=True, exist_ok=True)
    dictionary = HERE / "dictionary" / f"{name}.dict"
    return [str(BUILD / f"{name}_fuzzer"), f"-max_total_time={seconds}", f"-timeout={INPUT_SECONDS_MAX}",
            "-max_len=4096", "-rss_limit_mb=2048", "-print_final_stats=1", f"-artifact_prefix={found}/{name}-",
            *([f"-dict={dictionary}"] if dictionary.exists() else []),
            str(grown), str(HERE / "corpus" / name)]


def fuzz(name: str, seconds: int) -> bool:
    if not any((HERE / "corpus" / name).glob("*")):
        tell(name, f"FAILED: no seeds in {HERE / 'corpus' / name}")
        return False
    began = told = time.monotonic()
    lines: list[str] = []
    with subprocess.Popen(command(name, seconds), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
                          errors="replace") as process:
        watchdog = threading.Timer(seconds + GRACE, process.kill)
        watchdog.start()
        for line in process.stderr:
            lines = [*lines[-400:], line]
            status = re.match(r"#(\d+)\s.*cov: (\d+) .*exec/s: (\d+)", line)
            if status and time.monotonic() - told >= TELL_EVERY:
                told = time.monotonic()
                tell(name, f"{told - began:5.0f} of {seconds} s: {status[1]} inputs, {status[2]} edges, {status[3]} a second")
        process.wait()
        watchdog.cancel()
    text = "".join(lines)
    inputs = re.search(r"number_of_executed_units:\s*(\d+)", text)
    if process.returncode == 0 and inputs and int(inputs[1]) > 0:
        tell(name, f"held against {inputs[1]} inputs in {time.monotonic() - began:.0f} s")
        return True
    tell(name, f"FAILED with status {process.returncode}\n{text[-6000:]}")
    return False


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="NAME", help="without _fuzzer; all that are built if none is named")
    parser.add_argument("--seconds", type=int, default=30, help="for each target (30)")
    parser.add_argument("--jobs", type=int, default=os.cpu_count(), help="targets at a time (one for each core)")
    arguments = parser.parse_args()
    built = sorted(file.name.removesuffix("_fuzzer") for file in BUILD.glob("*_fuzzer"))
    names = arguments.names or built
    if not names or set(names) - set(built):
        print(f"not built: {' '.join(sorted(set(names) - set(built))) or 'any target'}; built are: {' '.join(built)}")
        return 2
    print(f"{len(names)} targets, {arguments.seconds} s each, {arguments.jobs} at a time", flush=True)
    with ThreadPoolExecutor(arguments.jobs) as pool:
        held = list(pool.map(lambda name: fuzz(name, arguments.seconds), names))
    print(f"{sum(held)} held, {len(held) - sum(held)} failed", flush=True)
    return 0 if all(held) else 1


if __name__ == "__main__":
    sys.exit(main())
