#!/usr/bin/env python3
"""The table of targets: Larder beside its peers and beside itself, on one generated home, from one run.

Owns what must be reached (TARGETS) and whether a ratio got worse than the committed one (ratios.json beside this file, which
--accept writes). Every contender runs in turn, round after round; ratios are of medians. Builds nothing: it wants
`cargo build --release --workspace --examples` before. Peers are PyPI's securetar (installed by tests/fixtures/counterpart.py
below target/) and pigz (a package of every distribution).
Refuses to run without its peers, and to take a contender for fast that did not do its work.
"""
import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from compare import COUNTERPART, FIXTURES, creators, larder_command, make_home, measure, new_archive, restorers, without_archives

RATIOS = Path(__file__).resolve().parent / "ratios.json"
# What is measured, in words, and what it must not be above (from FLOORS: below).
TARGETS = {
    "create : home-assistant": ("create, no password, verified : Home Assistant's way", 0.33),
    "create-password : home-assistant-password": ("create, v3 password, verified : Home Assistant's way with password", 0.16),
    "create : pigz": ("create, no password : `tar \\| pigz -6`", 0.75),
    "size : pigz": ("its size : that of `tar \\| pigz -6`", 1.04),
    "second : first": ("second create after a simulated day : first create", 0.30),
    "restore : home-assistant": ("restore (staged, checked) : Home Assistant's restore steps", 0.5),
    "peak-mib": ("peak memory of the whole process, MiB", 150),
    "list-cpu-ms": ("`larder list` on 100 backups, cold process, ms of CPU", 50),
    "sandbox : native": ("deflating in the sandbox : the same code natively, speed", 0.75),
}
FLOORS = {"sandbox : native"}
# How much worse than the committed one a ratio may be before it is a regression: other work on the machine makes as much.
TOLERANCE = 0.15
BACKUPS = 100


def cpu_of(command):
    """Seconds of the processor that a command took."""
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stdin=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"ended with status {process.returncode}: {command}")
    return usage.ru_utime + usage.ru_stime


def read_all(home):
    """Brings a home into the system's memory, where that of the other contenders is since they ran before."""
    for path in sorted(home.rglob("*")):
        if path.is_file() and not path.is_symlink():
            # In pieces: what this script once held counts as memory of whatever it starts later.
            with path.open("rb") as file:
                while file.read(1 << 20):
                    pass


def second_create(larder, work):
    """A first backup of the home, and one of the same home a day later: (seconds, MiB) each."""
    def run():
        shutil.rmtree(work / "state" / "cache", ignore_errors=True)
        without_archives(work / "backups")
        # Each right before it is needed: what was idle for some seconds, the machine below may have taken back.
        read_all(work / "home")
        first = measure(larder_command(larder, work, "create", "--name", "first"))
        read_all(work / "later")
        later = [larder, "--config", str(work / "later"), "--backups", str(work / "backups"), "--state", str(work / "state")]
        second = measure([*later, "create", "--name", "second"])
        without_archives(work / "backups")
        return first, second
    return run


def without_index(run, work):
    """A create that has nothing to take from."""
    def once():
        shutil.rmtree(work / "state" / "cache", ignore_errors=True)
        return run()
    return once


def list_cpu(larder, work):
    """CPU of `larder list` on 100 backups. Each is a copy of one small backup; what counts is how many there are."""
    home = work / "small"
    subprocess.run([sys.executable, str(FIXTURES / "make_home.py"), str(home)], check=True, stdout=sys.stderr)
    command = [larder, "--config", str(home), "--backups", str(work / "many"), "--state", str(work / "small-state")]
    subprocess.run([*command, "create"], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    archive = next((work / "many").glob("*.tar"))
    for number in range(1, BACKUPS):
        shutil.copy(archive, work / "many" / f"copy-{number}.tar")

    def run():
        # With a warm cache: the contenders before take minutes, in which the system may page out what this needs.
        cpu_of([*command, "list"])
        return cpu_of([*command, "list"])
    return run


def worker_cpu(pid, found):
    """Notes the processor time of the process's worker thread; the last look before it ends counts."""
    for task in Path(f"/proc/{pid}/task").glob("*"):
        fields = (task / "stat").read_text().rpartition(")")
        if fields[0].endswith("(worker"):
            user, system = fields[2].split()[11:13]
            found[task.name] = (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


def sandbox_speed(larder, work, native):
    """Speed of one worker that makes the blocks of the recorder's database, divided by that of the same code natively. What the
    worker does later, reading back, is left out from the first line about it on (a quarter of it is in)."""
    home, database = work / "database", work / "home" / "home-assistant_v2.db"
    home.mkdir()
    (home / ".HA_VERSION").write_text("2026.11.0")
    shutil.copy(database, home / "home-assistant_v2.db")
    (work / "one").mkdir()
    command = [larder, "--limit", "workers=1", "--config", str(home), "--backups", str(work / "one"), "--state", str(work / "one-state")]

    def run():
        shutil.rmtree(work / "one-state", ignore_errors=True)
        found, said = {}, b""
        process = subprocess.Popen([*command, "create"], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        os.set_blocking(process.stderr.fileno(), False)
        while process.poll() is None:
            said += process.stderr.read() or b""
            try:
                if b"verifying" not in said:
                    worker_cpu(process.pid, found)
            except OSError:
                pass  # it ended meanwhile
            time.sleep(0.005)
        process.stderr.close()
        if process.returncode or not found:
            raise SystemExit("no worker was seen at work, so nothing was compared")
        for archive in (work / "one").glob("*.tar"):
            archive.unlink()
        return max(found.values())

    def native_run():
        return cpu_of([native, str(database)])

    return run, native_run


def gather(larder, native, work, runs):
    """Everything, `runs` times in turn: name → list of figures."""
    made = creators(larder, work)
    shutil.copytree(work / "home", work / "later", symlinks=True)
    subprocess.run([sys.executable, str(FIXTURES / "make_home.py"), str(work / "later"), "--day"], check=True)
    second, listing = second_create(larder, work), list_cpu(larder, work)
    sandbox, natively = sandbox_speed(larder, work, native)
    rows = {}

    def note(name, value):
        rows.setdefault(name, []).append(value)
        print(f"{name}: {value if isinstance(value, (int, float)) else value[0]:.3f}", file=sys.stderr)

    for number in range(runs):
        print(f"round {number + 1} of {runs}", file=sys.stderr)
        for name in ("larder-password", "larder", "home-assistant", "home-assistant-password", "pigz"):
            run = without_index(made[name], work) if name.startswith("larder") else made[name]
            seconds, mib, size = run()
            note(f"create/{name}", seconds)
            note(f"size/{name}", size)
            note(f"mib/{name}", mib)
        for name, run in restorers(larder, work).items():
            seconds, mib, _ = run()
            note(f"restore/{name}", seconds)
            note(f"mib/restore-{name}", mib)
        note("mib/verify", measure(larder_command(larder, work, "verify", str(new_archive(work))))[1])
        (first, mib_first), (later, mib_second) = second()
        note("first", first)
        note("second", later)
        note("mib/first", mib_first)
        note("mib/second", mib_second)
        note("list", listing())
        note("native", natively())
        note("sandbox", sandbox())
    return rows


def ratios_of(rows):
    median = {name: statistics.median(values) for name, values in rows.items()}
    own = [max(values) for name, values in rows.items() if name.startswith("mib/") and "home-assistant" not in name and "pigz" not in name]
    found = {
        "create : home-assistant": median["create/larder"] / median["create/home-assistant"],
        "create-password : home-assistant-password": median["create/larder-password"] / median["create/home-assistant-password"],
        "create : pigz": median["create/larder"] / median["create/pigz"],
        "size : pigz": median["size/larder"] / median["size/pigz"],
        "second : first": median["second"] / median["first"],
        "restore : home-assistant": median["restore/larder"] / median["restore/home-assistant"],
        "peak-mib": max(own),
        "list-cpu-ms": 1000 * median["list"],
        "sandbox : native": median["native"] / median["sandbox"],
    }
    return {name: round(value, 3) for name, value in found.items()}, {name: round(value, 3) for name, value in median.items()}


def is_worse(name, value, than, by=0.0):
    return value < than * (1 - by) if name in FLOORS else value > than * (1 + by)


def table(found, median):
    lines = ["| | measured | target | |", "|---|---:|---:|---|"]
    for name, (words, target) in TARGETS.items():
        sign = "≥" if name in FLOORS else "≤"
        mark = "missed" if is_worse(name, found[name], target) else ""
        lines.append(f"| {words} | {found[name]:.3g} | {sign} {target} | {mark} |")
    lines += ["", "Medians in seconds: " + ", ".join(
        f"{name} {value:.2f}" for name, value in median.items() if not name.startswith(("size/", "mib/"))) + "."]
    return "\n".join(lines)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--target", type=Path, default=Path(os.environ.get("CARGO_TARGET_DIR", "target")) / "release",
                        help="where the release build is")
    parser.add_argument("--size-mb", type=int, default=650)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--work", type=Path, help="where to work, with room for the home six times, and twice more for each run; the temporary directory unless given")
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write all figures there")
    parser.add_argument("--accept", action="store_true", help="commit to these ratios: writes ratios.json")
    arguments = parser.parse_args()
    larder, native = (str((arguments.target / name).resolve()) for name in ("larder", "examples/deflate"))
    for program in (larder, native):
        if not Path(program).exists():
            parser.error(f"{program} is not there: cargo build --release --workspace --examples --bins")
    if not shutil.which("pigz"):
        parser.error("pigz is not there: install it first (apt-get install pigz)")
    work = Path(tempfile.mkdtemp(prefix="larder-targets-", dir=arguments.work)).resolve()
    try:
        make_home(work / "home", arguments.size_mb)
        measure([*COUNTERPART, "--help"])  # makes its environment where that is missing, outside the measured time
        rows = gather(larder, native, work, arguments.runs)
    finally:
        shutil.rmtree(work)
    found, median = ratios_of(rows)
    print(table(found, median))
    if arguments.json:
        arguments.json.write_text(json.dumps({"ratios": found, "medians": median, "all": rows}, indent=2) + "\n")
    committed = json.loads(RATIOS.read_text()) if RATIOS.exists() else {}
    worse = [f"{name}: {found[name]}, committed is {value}" for name, value in committed.items()
             if is_worse(name, found[name], value, TOLERANCE)]
    if arguments.accept:
        RATIOS.write_text(json.dumps(found, indent=2) + "\n")
    elif worse:
        print("worse than before by more than 15 %:", *worse, sep="\n  ", file=sys.stderr)
        sys.exit(1)


if __name__ == "__main__":
    main()
