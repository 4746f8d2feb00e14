#!/usr/bin/env bash
# SQLite 3.50.4 (PyPI apsw 3.50.4.0), seen 2026-11-30.
#
# A backup program that takes a read lock on a whole database file, so that nobody may write to it meanwhile, makes other readers read
# torn data. The lock covers the byte by which SQLite knows a living writer (RESERVED, 0x40000001). When the database has a hot
# rollback journal, because its writer was killed, a reader then takes the journal for that writer's: it does not roll back, waits for
# nothing, and reads the half-written pages. No error, and the check of the database's integrity can even be "ok". With a lock on the bytes
# of SHARED alone (510 from 0x40000002) the reader is told "database is locked", which is right.
#
# Output: "whole file: ['torn']", "shared bytes: database is locked", "no lock: ['kept']".
set -euo pipefail
dir=$(mktemp -d); trap 'rm -rf "$dir"' EXIT
python3 -m venv "$dir/venv"
"$dir/venv/bin/pip" install -q --disable-pip-version-check apsw==3.50.4.0
"$dir/venv/bin/python" - "$dir" <<'PY' | tee "$dir/out"
import fcntl, os, shutil, signal, struct, sys
import apsw

folder = sys.argv[1]
OFD_SETLK = 37  # F_OFD_SETLK of Linux

# A writer that is killed in the middle of a transaction whose pages have reached the file.
child = os.fork()
if child == 0:
    db = apsw.Connection(folder + "/origin.db")
    run = lambda *statement: list(db.execute(*statement))
    run("PRAGMA journal_mode = DELETE; PRAGMA cache_size = 4; CREATE TABLE t (x)")
    run("BEGIN")
    for _ in range(50):
        run("INSERT INTO t VALUES ('kept')")
    run("COMMIT; BEGIN IMMEDIATE; UPDATE t SET x = 'torn'; CREATE TABLE filler (x)")
    for _ in range(3000):
        run("INSERT INTO filler VALUES (?)", ("f" * 500,))
    os.kill(os.getpid(), signal.SIGKILL)
os.waitpid(child, 0)

def locked(name, start, length):
    path = f"{folder}/{name}.db"
    for ending in ("", "-journal"):
        shutil.copy(folder + "/origin.db" + ending, path + ending)
    holder = open(path, "rb")
    if start is not None:
        fcntl.fcntl(holder, OFD_SETLK, struct.pack("hhqqi4x", fcntl.F_RDLCK, os.SEEK_SET, start, length, 0))
    try:
        found = [row[0] for row in apsw.Connection(path).execute("SELECT DISTINCT x FROM t")]
    except apsw.BusyError as error:
        found = str(error).removeprefix("BusyError: ")
    print(f"{name}: {found}")
    holder.close()

assert apsw.sqlite_lib_version() == "3.50.4", apsw.sqlite_lib_version()
locked("whole file", 0, 0)
locked("shared bytes", 0x40000002, 510)
locked("no lock", None, None)
PY
diff - "$dir/out" <<'OUT'
whole file: ['torn']
shared bytes: database is locked
no lock: ['kept']
OUT
