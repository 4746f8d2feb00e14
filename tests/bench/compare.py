#!/usr/bin/env python3
"""Larder beside its peers on one generated home, in one run: seconds, peak memory, size, and the ratios.

Owns the measuring: every contender in turn, round after round, so that what else the machine does hits all of them; no
cache is dropped for anybody. Peak memory is that of the largest process of a contender (wait4); for Larder that is the
whole program, sandboxes included. Home Assistant's way is tests/fixtures/counterpart.py, without the second copy that
its restore makes afterwards.
Refuses to compare what did not work: a contender that ends with an error ends the benchmark.
"""
import argparse
import json
import os
import shlex
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

FIXTURES = Path(__file__).resolve().parent.parent / "fixtures"
COUNTERPART = [sys.executable, str(FIXTURES / "counterpart.py")]


def measure(command, shell=False):
    """Runs a command (with `shell`, a pipeline): seconds and MiB of its largest process. Output is shown if it fails."""
    os.sync()  # What the contender before left to be written would be written at this one's expense.
    with tempfile.TemporaryFile() as output:
        started = time.monotonic()
        process = subprocess.Popen(["bash", "-o", "pipefail", "-c", command] if shell else command, stdout=output,
                                   stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL)
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.monotonic() - started
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            output.seek(0)
            sys.stderr.write(output.read().decode(errors="replace"))
            raise SystemExit(f"ended with status {process.returncode}, so nothing was compared: {command}")
    return seconds, usage.ru_maxrss / 1024


def make_home(home, size_mb):
    """The same home every time; in a process of its own, to keep this one small (a child's peak counts its parent's)."""
    subprocess.run([sys.executable, str(FIXTURES / "make_home.py"), str(home), "--size-mb", str(size_mb)], check=True,
                   stdout=sys.stderr)


def without_archives(path):
    """Larder's marker stays: without it the directory would be taken for one whose disk is not mounted."""
    for archive in path.glob("*.tar"):
        archive.unlink()


def larder_command(larder, work, *arguments):
    state = ["--backups", str(work / "backups"), "--state", str(work / "state")]
    return [larder, "--config", str(work / "home"), *state, "--json", *arguments]


def new_archive(work):
    """The one file that `larder create` left there."""
    found = sorted((work / "backups").glob("*.tar"))
    if len(found) != 1:
        raise SystemExit(f"{work / 'backups'} should hold one new archive, it holds {len(found)}")
    return found[0]


def creators(larder, work):
    """Name → a function that makes one archive and returns (seconds, MiB, bytes of the archive)."""
    home = work / "home"

    def by_larder(*options):
        def run():
            without_archives(work / "backups")
            figures = measure(larder_command(larder, work, "create", "--name", "bench", *options))
            return (*figures, new_archive(work).stat().st_size)
        return run

    def by_home_assistant(name, *options):
        def run():
            archive = work / f"{name}.tar"
            return (*measure([*COUNTERPART, "create", str(home), str(archive), *options]), archive.stat().st_size)
        return run

    def by_pipe(program):
        def run():
            archive = work / f"{program}.tar.gz"
            pipe = f"tar -C {shlex.quote(str(home))} -c . | {program} -6 > {shlex.quote(str(archive))}"
            return (*measure(pipe, shell=True), archive.stat().st_size)
        return run

    password = work / "password.txt"
    password.write_text("Z0X2-3QJC-BHAZ-R227-4IIQ-7V16-MZB2\n")
    protected = ["--password-file", str(password)]
    # The restores read what "larder" left, so it comes last of the two.
    contenders = {"larder-password": by_larder(*protected), "larder": by_larder()} if larder else {}
    contenders["home-assistant"] = by_home_assistant("home-assistant")
    # With a password, Home Assistant deflates at level 9.
    contenders["home-assistant-password"] = by_home_assistant("protected", *protected, "--level", "9")
    contenders.update({name: by_pipe(name) for name in ("gzip", "pigz") if shutil.which(name)})
    return contenders


def restorers(larder, work):
    """Both restore the same archive: Larder's, or Home Assistant's where there is none. Each time into a new directory, and what was
    restored stays until the end: for minutes after thousands of files were removed, ext4 passes over their inodes one by one whenever
    somebody makes a file, which took up to four seconds of whoever came next."""
    archive = str(new_archive(work) if larder else work / "home-assistant.tar")

    def restored(command):
        target = Path(tempfile.mkdtemp(prefix="restored-", dir=work))
        figures = measure(command(str(target)))
        size = sum(os.lstat(os.path.join(folder, name)).st_size for folder, _, names in os.walk(target) for name in names)
        return (*figures, size)

    contenders = {}
    if larder:
        by_larder = lambda target: larder_command(larder, work, "restore", archive, "--to", target, "--yes")
        contenders["larder"] = lambda: restored(by_larder)
    contenders["home-assistant"] = lambda: restored(lambda target: [*COUNTERPART, "extract", archive, target])
    return contenders


def race(contenders, runs, word):
    """All contenders, `runs` times in turn; the medians."""
    figures = {name: [] for name in contenders}
    for number in range(runs):
        for name, run in contenders.items():
            figures[name].append(run())
            print(f"{word} {number + 1}/{runs} {name}: {figures[name][-1][0]:.2f} s", file=sys.stderr)
    return {name: dict(zip(("seconds", "mib", "bytes"), map(statistics.median, zip(*rows)))) for name, rows in figures.items()}


def ratios(results):
    """`create/gzip` and so on: Larder's seconds divided by the peer's, protected by protected. `create/larder-password` is what
    a password costs: with one divided by without."""
    found = {}
    for word, rows in results.items():
        for name, row in rows.items() if "larder" in rows else ():
            own = rows["larder-password" if name == "home-assistant-password" else "larder"]
            ratio = row["seconds"] / own["seconds"] if name == "larder-password" else own["seconds"] / row["seconds"]
            if name != "larder":
                found[f"{word}/{name}"] = round(ratio, 3)
    return found


def table(results, found):
    lines = ["| | seconds | peak MiB | MB | larder : peer |", "|---|---:|---:|---:|---:|"]
    for word, rows in results.items():
        for name, row in rows.items():
            ratio = found.get(f"{word}/{name}", "")
            lines.append(f"| {word}/{name} | {row['seconds']:.2f} | {row['mib']:.0f} | {row['bytes'] / 1e6:.1f} | {ratio} |")
    return "\n".join(lines)


def over_limits(found, limits):
    """The sentences about limits that were passed; a name that was not measured is one of them."""
    for limit in limits:
        name, _, value = limit.partition("=")
        if name not in found:
            yield f"--max-ratio {limit}: {name} was not measured; there is {', '.join(found) or 'nothing'}"
        elif found[name] > float(value):
            yield f"{name} is {found[name]}, allowed is {value}"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--larder", help="the larder program, built with --release")
    parser.add_argument("--skip-larder", action="store_true", help="measure the peers only")
    parser.add_argument("--size-mb", type=int, default=650)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--work", type=Path, help="a directory with room for the home five times, and twice more for each run; kept if given")
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the figures there")
    parser.add_argument("--max-ratio", action="append", default=[], metavar="NAME=VALUE", help="such as create/gzip=0.5")
    arguments = parser.parse_args()
    if bool(arguments.larder) == arguments.skip_larder:
        parser.error("name the program with --larder PATH, or leave it out with --skip-larder")
    larder = str(Path(arguments.larder).resolve()) if arguments.larder else None
    work = (arguments.work or Path(tempfile.mkdtemp(prefix="larder-bench-"))).resolve()
    work.mkdir(parents=True, exist_ok=True)
    try:
        if (work / "home").exists():
            print(f"using {work / 'home'} as it is, whatever its size", file=sys.stderr)
        else:
            make_home(work / "home", arguments.size_mb)
        measure([*COUNTERPART, "--help"])  # makes its environment where that is missing, outside the measured time
        results = {"create": race(creators(larder, work), arguments.runs, "create")}
        results["restore"] = race(restorers(larder, work), arguments.runs, "restore")
    finally:
        if not arguments.work:
            shutil.rmtree(work)
    found = ratios(results)
    print(table(results, found))
    if arguments.json:
        arguments.json.write_text(json.dumps({"size_mb": arguments.size_mb, "runs": arguments.runs, "results": results,
                                              "ratios": found}, indent=2) + "\n")
    failures = list(over_limits(found, arguments.max_ratio))
    print("\n".join(failures), file=sys.stderr)
    sys.exit(1 if failures else 0)


if __name__ == "__main__":
    main()
