#!/usr/bin/env python3
"""Peak memory of the whole process for homes of several sizes, as a Markdown table.

Owns the question whether memory grows with the home: create, verify and restore of each size, peak resident size as the
kernel counts it (wait4). Exit status 1 when one figure is above the limit.
Refuses to estimate: every size is really made. The default needs about 15 GB of disk at once and some twenty minutes.
"""
import argparse
import shutil
import sys
import tempfile
from pathlib import Path

from compare import COUNTERPART, larder_command, make_home, measure, new_archive, without_archives


def larder_peaks(larder, work):
    """Create, verify, restore, in this order: MiB each."""
    without_archives(work / "backups")
    created = measure(larder_command(larder, work, "create", "--name", "bench"))
    archive = str(new_archive(work))
    verified = measure(larder_command(larder, work, "verify", archive))
    restored = measure(larder_command(larder, work, "restore", archive, "--to", str(work / "restored"), "--yes"))
    return [created[1], verified[1], restored[1]]


def counterpart_peaks(work):
    """The same of Home Assistant's way, to try this script without Larder."""
    archive, target = str(work / "archive.tar"), str(work / "restored")
    steps = (["create", str(work / "home"), archive], ["read", archive], ["extract", archive, target])
    return [measure([*COUNTERPART, *step])[1] for step in steps]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--larder", help="the larder program, built with --release")
    parser.add_argument("--skip-larder", action="store_true", help="measure Home Assistant's way instead")
    parser.add_argument("--sizes", default="600,5000", help="in millions of bytes")
    parser.add_argument("--limit-mb", type=float, default=150, help="in MiB")
    parser.add_argument("--work", type=Path, help="where to put the homes; the default is the temporary directory")
    arguments = parser.parse_args()
    if bool(arguments.larder) == arguments.skip_larder:
        parser.error("name the program with --larder PATH, or leave it out with --skip-larder")
    larder = str(Path(arguments.larder).resolve()) if arguments.larder else None
    over = []
    print("| home | create | verify | restore |\n|---|---:|---:|---:|")
    for size in map(int, arguments.sizes.split(",")):
        work = Path(tempfile.mkdtemp(prefix="larder-memory-", dir=arguments.work)).resolve()
        try:
            make_home(work / "home", size)
            peaks = larder_peaks(larder, work) if larder else counterpart_peaks(work)
        finally:
            shutil.rmtree(work)
        print(f"| {size} MB | " + " | ".join(f"{peak:.0f} MiB" for peak in peaks) + " |", flush=True)
        over += [f"{size} MB: {peak:.0f} MiB is over the limit of {arguments.limit_mb:.0f}" for peak in peaks
                 if peak > arguments.limit_mb]
    print("\n".join(over), file=sys.stderr)
    sys.exit(1 if over else 0)


if __name__ == "__main__":
    main()
