#!/usr/bin/env python3
"""`larder list` of 1000 backups in one location over a line with a round trip of 40 ms: cold, and again.

Fills the directory of a real server with archives and records as Home Assistant lays them, then lists them with a new state directory
(cold) and with what the first run remembers (warm). Medians of `--runs`. Builds nothing: it wants `cargo build --release` for larder and
for larder-test-servers. Exits with 1 when a target is missed.
"""
import argparse
import json
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

SERVERS = {"apache": "webdav", "openssh": "sftp", "rclone-s3": "s3"}
COUNT, ROUND_TRIP = 1000, 40
COLD, WARM = 8.0, 0.3


def fill(folder, protocol):
    folder.mkdir(parents=True)
    for number in range(COUNT):
        minute, hour, day = number % 60, number // 60 % 24, 1 + number // 1440
        date = f"2026-01-{day:02}T{hour:02}:{minute:02}:00.000000+00:00"
        base = f"Backup_{number}_2026-01-{day:02}_{hour:02}.{minute:02}_00000000"
        record = {"addons": [], "backup_id": f"{number:08x}", "date": date, "database_included": True,
                  "extra_metadata": {"instance_id": "0" * 32, "with_automatic_settings": True}, "folders": [],
                  "homeassistant_included": True, "homeassistant_version": "2026.11.0", "name": f"Backup {number}",
                  "protected": False, "size": 512}
        (folder / f"{base}.tar").write_bytes(bytes(512))
        if protocol == "sftp":
            record = {"file_path": str(folder / f"{base}.tar"), "metadata": record}
            (folder / f".{number:08x}.metadata.json").write_text(json.dumps(record))
        else:
            (folder / f"{base}.metadata.json").write_text(json.dumps(record))


def table(protocol, facts, work, folder):
    port = facts["slow_port"]
    if protocol == "s3":
        return (f'kind = "s3"\nendpoint = "http://127.0.0.1:{port}"\nbucket = "larder"\nprefix = "home"\n'
                f'access_key_id = "{facts["user"]}"\nsecret_access_key = "{facts["password"]}"\n')
    if protocol == "webdav":
        return f'kind = "webdav"\nurl = "http://127.0.0.1:{port}"\npath = "home"\n'
    hosts = work / "known_hosts"
    hosts.write_text(facts["known_hosts"])
    return (f'kind = "sftp"\nhost = "127.0.0.1"\nport = {port}\nuser = "{facts["user"]}"\npath = "{folder}"\n'
            f'identity_file = "{facts["identity"]}"\nknown_hosts = "{hosts}"\n')


def listed(command):
    start = time.monotonic()
    run = subprocess.run(command, capture_output=True, text=True)
    seconds = time.monotonic() - start
    found = len(json.loads(run.stdout)["backups"])
    if found != COUNT:
        errors = json.loads(run.stdout)["agent_errors"]
        raise SystemExit(f"{found} of {COUNT} backups were listed: {errors}\n{run.stderr[-2000:]}")
    return seconds


def measure(kind, arguments, work):
    server = subprocess.Popen([arguments.server, kind, str(ROUND_TRIP)], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    facts = json.loads(server.stdout.readline())
    protocol = SERVERS[kind]
    folder = Path(facts["data"]) / ("larder/home" if protocol == "s3" else "home")
    fill(folder, protocol)
    (work / "larder.toml").write_text("[locations.away]\n" + table(protocol, facts, work, folder))
    home = work / "home"
    home.mkdir(exist_ok=True)
    (home / ".HA_VERSION").write_text("2026.11.0")
    (home / "configuration.yaml").write_text("default_config:\n")
    cold, warm = [], []
    for _ in range(arguments.runs):
        shutil.rmtree(work / "state", ignore_errors=True)
        command = [arguments.larder, "--config", home, "--state", work / "state", "--options", work / "larder.toml", "--json", "list"]
        cold.append(listed(command))
        warm.append(listed(command))
    server.communicate()
    return statistics.median(cold), statistics.median(warm)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    root = Path(__file__).resolve().parents[2]
    parser.add_argument("--larder", default=root / "target/release/larder")
    parser.add_argument("--server", default=root / "target/release/test-server")
    parser.add_argument("--runs", type=int, default=3)
    arguments = parser.parse_args()
    missed = False
    for kind in SERVERS:
        with tempfile.TemporaryDirectory() as work:
            cold, warm = measure(kind, arguments, Path(work))
        missed |= cold > COLD or warm > WARM
        print(f"{kind:14} cold {cold:5.2f} s (target {COLD}), warm {warm:5.2f} s (target {WARM})", flush=True)
    sys.exit(missed)


if __name__ == "__main__":
    main()
