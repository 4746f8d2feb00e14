#!/usr/bin/env python3
"""A first create and the one a day later, of several builds of larder in turn: what a change is worth, on a machine whose speed changes.

Owns nothing but the order: rounds go through the builds forwards, then backwards. Medians in seconds, and of the ratios of each pair.
Give it copies of the release binary, of before and after a change.
"""
import argparse
import shutil
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from compare import FIXTURES, make_home
from targets import second_create


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("larder", nargs="+", help="a release build of larder")
    parser.add_argument("--size-mb", type=int, default=650)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--work", type=Path, help="where to work, with room for the home four times; the temporary directory unless given")
    arguments = parser.parse_args()
    work = Path(tempfile.mkdtemp(prefix="larder-second-", dir=arguments.work)).resolve()
    pairs = {larder: [] for larder in arguments.larder}
    try:
        make_home(work / "home", arguments.size_mb)
        shutil.copytree(work / "home", work / "later", symlinks=True)
        subprocess.run([sys.executable, str(FIXTURES / "make_home.py"), str(work / "later"), "--day"], check=True, stdout=sys.stderr)
        (work / "backups").mkdir()
        for number in range(arguments.runs):
            for larder in arguments.larder[:: 1 if number % 2 == 0 else -1]:
                (first, _), (second, _) = second_create(str(Path(larder).resolve()), work)()
                pairs[larder].append((first, second))
    finally:
        shutil.rmtree(work)
    print("| build | first | second | second : first |\n|---|---:|---:|---:|")
    for larder, found in pairs.items():
        first, second = (statistics.median(column) for column in zip(*found))
        print(f"| {larder} | {first:.2f} | {second:.2f} | {statistics.median(s / f for f, s in found):.3f} |")


if __name__ == "__main__":
    main()
