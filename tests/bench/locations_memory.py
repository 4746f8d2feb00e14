#!/usr/bin/env python3
"""Peak memory of `larder create` that also stores in five locations at once, beside the same create without them.

Five real servers: S3, WebDAV and SFTP. The home is one file that does not compress. The program alone counts; `ssh` stands apart. Builds
nothing: it wants `cargo build --release` for larder and for larder-test-servers. Exits with 1 above 40 MiB more.
"""
import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

KINDS = {"rclone-s3": "s3", "seaweed-s3": "s3", "rclone-webdav": "webdav", "apache": "webdav", "openssh": "sftp"}
MOST = 40


def table(number, kind, facts, work):
    port, name = facts["port"], f"[locations.l{number}]\n"
    if KINDS[kind] == "s3":
        return (f'{name}kind = "s3"\nendpoint = "http://127.0.0.1:{port}"\nbucket = "larder"\nprefix = "home"\n'
                f'access_key_id = "{facts["user"]}"\nsecret_access_key = "{facts["password"]}"\n')
    if KINDS[kind] == "webdav":
        return f'{name}kind = "webdav"\nurl = "http://127.0.0.1:{port}"\npath = "home"\n'
    hosts = work / "known_hosts"
    hosts.write_text(facts["known_hosts"])
    return (f'{name}kind = "sftp"\nhost = "127.0.0.1"\nport = {port}\nuser = "{facts["user"]}"\npath = "{facts["data"]}/home"\n'
            f'identity_file = "{facts["identity"]}"\nknown_hosts = "{hosts}"\n')


def peak(command):
    """Runs a command; its own peak in MiB, as the kernel counted it."""
    process = subprocess.Popen(command, stdout=subprocess.PIPE)
    out = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    if os.waitstatus_to_exitcode(status) != 0:
        raise SystemExit(f"it failed: {out.decode()}")
    return usage.ru_maxrss / 1024


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    root = Path(__file__).resolve().parents[2]
    parser.add_argument("--larder", default=root / "target/release/larder")
    parser.add_argument("--server", default=root / "target/release/test-server")
    parser.add_argument("--gigabytes", type=float, default=5)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as work:
        work = Path(work)
        servers = [subprocess.Popen([arguments.server, kind], stdin=subprocess.PIPE, stdout=subprocess.PIPE) for kind in KINDS]
        facts = [json.loads(server.stdout.readline()) for server in servers]
        text = "".join(table(number, kind, fact, work) for number, (kind, fact) in enumerate(zip(KINDS, facts)))
        (work / "larder.toml").write_text(text)
        home = work / "home"
        home.mkdir()
        (home / ".HA_VERSION").write_text("2026.11.0")
        (home / "configuration.yaml").write_text("default_config:\n")
        with open(home / "large.bin", "wb") as large:
            for _ in range(int(arguments.gigabytes * 1000)):
                large.write(os.urandom(1_000_000))
        command = [arguments.larder, "--config", home, "--state", work / "state", "--options", work / "larder.toml", "create"]
        alone = peak(command)
        for archive in (home / "backups").glob("*.tar"):
            archive.unlink()
        five = peak(command + ["--location", "local"] + [word for number in range(len(KINDS)) for word in ("--location", f"l{number}")])
        for server in servers:
            server.communicate()
    print(f"{arguments.gigabytes} GB: alone {alone:.0f} MiB, with five locations {five:.0f} MiB, {five - alone:+.0f} (target +{MOST})")
    sys.exit(five - alone > MOST)


if __name__ == "__main__":
    main()
