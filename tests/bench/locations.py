#!/usr/bin/env python3
"""`larder copy` of a cached archive to real servers beside `rclone copyto` to the same ones: seconds, processor time, peak memory.

Owns the comparison of what is done for locations on other machines: S3 (rclone, SeaweedFS), WebDAV (rclone) and SFTP (OpenSSH), each on the
loopback interface and over a line with a round trip of 40 ms. Both run in turn, round after round, against a server that is new in
each round, with rclone's default settings. Medians; the speed ratio is of each round's pair. Processor time is that of the program alone;
that of its children, such as ssh, stands apart. Builds nothing: it wants `cargo build --release` for larder and for larder-test-servers.
Refuses to take a contender for fast that did not store every byte.
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

SERVERS = {"rclone-s3": "s3", "seaweed-s3": "s3", "rclone-webdav": "webdav", "openssh": "sftp"}
ROUND_TRIP = 40
# Larder's speed divided by rclone's, at least.
TARGETS = {"loopback": 0.95, f"{ROUND_TRIP} ms": 1.0}
TICKS = os.sysconf("SC_CLK_TCK")


class Running:
    """A server, with a line to it: a port, and what the programs need to log in."""

    def __init__(self, program, kind, line, work):
        self.process = subprocess.Popen([program, kind, str(ROUND_TRIP)], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        said = self.process.stdout.readline()
        if not said:
            raise SystemExit(f"{kind} was not started, so nothing was compared")
        self.facts, self.protocol, self.work = json.loads(said), SERVERS[kind], work
        self.port = self.facts["port" if line == "loopback" else "slow_port"]
        self.path = f"{self.facts['data']}/larder" if kind == "openssh" else "larder"
        (work / "known_hosts").write_text(self.facts["known_hosts"])

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.communicate()

    def rclone(self, port):
        """The beginning of a command, for the remote `SERVER:`."""
        facts = self.facts
        of = {"s3": {"type": "s3", "provider": "Other", "region": "us-east-1", "endpoint": f"http://127.0.0.1:{port}",
                     "access_key_id": facts["user"], "secret_access_key": facts["password"]},
              "webdav": {"type": "webdav", "vendor": "other", "url": f"http://127.0.0.1:{port}"},
              "sftp": {"type": "sftp", "host": "127.0.0.1", "port": port, "user": facts["user"], "key_file": facts["identity"],
                       "known_hosts_file": self.work / "known_hosts"}}[self.protocol]
        configuration = self.work / f"rclone-{port}.conf"
        configuration.write_text("[SERVER]\n" + "".join(f"{name} = {value}\n" for name, value in of.items()))
        return [facts["rclone"], "--config", str(configuration)]

    def options(self, name):
        """Larder's options file with this server as the location `name`."""
        facts = self.facts
        of = {"s3": {"endpoint": f"http://127.0.0.1:{self.port}", "region": "us-east-1", "bucket": facts["bucket"], "prefix": "larder",
                     "access_key_id": facts["user"], "secret_access_key": facts["password"]},
              "webdav": {"url": f"http://127.0.0.1:{self.port}", "path": "/larder"},
              "sftp": {"host": "127.0.0.1", "port": self.port, "user": facts["user"], "identity_file": facts["identity"],
                       "known_hosts": str(self.work / "known_hosts"), "path": self.path}}[self.protocol]
        lines = [f"[locations.{name}]", *(f"{key} = {json.dumps(value)}" for key, value in {"kind": self.protocol, "verify": "digest", **of}.items())]
        file = self.work / "larder.toml"
        file.write_text("\n".join(lines) + "\n")
        return file

    def remote(self, folder):
        base = f"{self.facts['bucket']}/larder" if self.protocol == "s3" else self.path
        return f"SERVER:{base}{folder}"

    def stored(self, folder, size):
        """Fails unless a file of this size is there, and removes everything, to be out of the way of the next."""
        direct = self.rclone(self.facts["port"])
        listed = subprocess.run([*direct, "lsjson", "--recursive", self.remote(folder)], check=True, stdout=subprocess.PIPE).stdout
        if size not in (entry["Size"] for entry in json.loads(listed)):
            raise SystemExit(f"no file of {size} bytes was stored, so nothing was compared: {listed.decode()}")
        subprocess.run([*direct, "delete", self.remote(folder)], check=True)


def spent(pid):
    """Seconds of the processor that an ended process took which nobody has waited for: its own, and its children's."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    own_user, own_system, user, system = (int(field) / TICKS for field in fields[11:15])
    return own_user + own_system, user + system


def measure(command, work):
    """Seconds, the processor's seconds of the program, those of its children, MiB of the largest of these processes."""
    os.sync()  # What the contender before left to be written would be written at this one's expense.
    with (work / "said").open("w+b") as output:
        started = time.monotonic()
        process = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL)
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
        seconds = time.monotonic() - started
        own, children = spent(process.pid)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            output.seek(0)
            sys.stderr.write(output.read().decode(errors="replace"))
            raise SystemExit(f"ended with status {process.returncode}, so nothing was compared: {command}")
    return seconds, own, children, usage.ru_maxrss / 1024


def read(file):
    """Brings a file into the system's memory."""
    with file.open("rb") as opened:
        while opened.read(1 << 20):
            pass


def make_archive(larder, work, size_mb):
    """A backup of a home whose one large file cannot be compressed: its ID and its archive. Without larder, a file like it."""
    home = work / "home"
    (home / "www").mkdir(parents=True)
    (home / ".HA_VERSION").write_text("2026.11.0")
    with (home / "www" / "noise.bin").open("wb") as noise:
        for _ in range(size_mb):
            noise.write(os.urandom(1_000_000))
    if not larder:
        return None, home / "www" / "noise.bin"
    made = subprocess.run([*larder_command(larder, work), "--json", "create", "--name", "bench"], check=True, stdout=subprocess.PIPE).stdout
    (archive,) = (work / "backups").glob("*.tar")
    return json.loads(made)["backup_id"], archive


def larder_command(larder, work, options=None):
    backups = ["--backups", str(work / "backups"), "--state", str(work / "state")]
    (work / "backups").mkdir(exist_ok=True)
    return [larder, "--config", str(work / "home"), *backups, *(["--options", str(options)] if options else [])]


def round_of(arguments, kind, line, number, backup, work):
    """Both contenders against one new server: name → figures."""
    identity, archive = backup
    found, size = {}, archive.stat().st_size
    with Running(arguments.server, kind, line, work) as server:
        for name in ("larder", "rclone")[:: 1 if number % 2 == 0 else -1]:
            if name == "larder" and not arguments.larder:
                continue
            read(archive)
            if name == "larder":
                # A name that Larder has never heard of: it knows nothing about what is there.
                location = f"{kind}_{line}_{number}".replace(" ", "").replace("-", "_")
                command = [*larder_command(arguments.larder, work, server.options(location)), "copy", identity, "--to", f"{server.protocol}.{location}"]
                folder = ""
            else:
                command = [*server.rclone(server.port), "copyto", str(archive), server.remote("/rclone/archive.tar")]
                folder = "/rclone"
            found[name] = measure(command, work)
            server.stored(folder, size)
            print(f"{kind} {line} {number + 1}/{arguments.runs} {name}: {found[name][0]:.2f} s", file=sys.stderr)
    return found


def gather(arguments, work):
    """(server, line) → the rounds."""
    backup = make_archive(arguments.larder, work, arguments.size_mb)
    rounds = {}
    for number in range(arguments.runs):
        for kind in arguments.only:
            for line in TARGETS:
                rounds.setdefault((kind, line), []).append(round_of(arguments, kind, line, number, backup, work))
    return rounds


def summary(rounds):
    """`server/line` → medians of each contender's figures, and the ratio of the speeds."""
    found = {}
    for (kind, line), pairs in rounds.items():
        row = {name: dict(zip(("seconds", "cpu", "children", "mib"), map(statistics.median, zip(*(pair[name] for pair in pairs)))))
               for name in pairs[0]}
        if "larder" in row:
            row["speed"] = round(statistics.median(pair["rclone"][0] / pair["larder"][0] for pair in pairs), 3)
        found[f"{kind}/{line}"] = row
    return found


def missed(name, row):
    return "speed" in row and row["speed"] < TARGETS[name.partition("/")[2]]


def table(found):
    lines = ["| | seconds | CPU s | CPU s of children | peak MiB | speed : rclone's | |", "|---|---:|---:|---:|---:|---:|---|"]
    for name, row in found.items():
        for contender in ("larder", "rclone"):
            if contender in row:
                figures = row[contender]
                ratio, mark = (row["speed"], "missed" if missed(name, row) else "") if contender == "larder" else ("", "")
                lines.append(f"| {name}, {contender} | {figures['seconds']:.2f} | {figures['cpu']:.2f} | {figures['children']:.2f} | "
                             f"{figures['mib']:.0f} | {ratio} | {mark} |")
    return "\n".join(lines)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--larder", help="the larder program, built with --release")
    parser.add_argument("--skip-larder", action="store_true", help="measure rclone only")
    parser.add_argument("--server", help="the program test-server of larder-test-servers; that of the release build unless given",
                        default=str(Path(os.environ.get("CARGO_TARGET_DIR", "target")) / "release" / "test-server"))
    parser.add_argument("--size-mb", type=int, default=2000)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--only", action="append", choices=list(SERVERS), help="this server, and no other that is not named as well")
    parser.add_argument("--work", type=Path, help="where to work, with room for the archive four times; the temporary directory unless given. "
                                                  "What the servers store is always in the temporary directory")
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the figures there")
    arguments = parser.parse_args()
    if bool(arguments.larder) == arguments.skip_larder:
        parser.error("name the program with --larder PATH, or leave it out with --skip-larder")
    arguments.larder = str(Path(arguments.larder).resolve()) if arguments.larder else None
    arguments.server = str(Path(arguments.server).resolve())
    if not Path(arguments.server).exists():
        parser.error(f"{arguments.server} is not there: cargo build --release -p larder-test-servers")
    arguments.only = arguments.only or list(SERVERS)
    work = Path(tempfile.mkdtemp(prefix="larder-locations-", dir=arguments.work)).resolve()
    try:
        rounds = gather(arguments, work)
    finally:
        shutil.rmtree(work)
    found = summary(rounds)
    print(table(found))
    if arguments.json:
        rows = {"/".join(key): pairs for key, pairs in rounds.items()}
        arguments.json.write_text(json.dumps({"size_mb": arguments.size_mb, "runs": arguments.runs, "medians": found, "all": rows}, indent=2) + "\n")
    sys.exit(1 if any(missed(name, row) for name, row in found.items()) else 0)


if __name__ == "__main__":
    main()
