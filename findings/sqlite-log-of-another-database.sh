#!/usr/bin/env bash
# SQLite 3.50.4 (PyPI apsw 3.50.4.0), seen 2026-11-30.
#
# A write-ahead log carries nothing that ties it to its database: its salts and checksums refer to the log alone. Whoever puts a database
# back without removing the `-wal` of the one before it, or copies a `-wal` to the wrong name, gets the log's pages as the content of the
# database, without an error, and with an integrity check that is "ok". That the database does not use a log at all (its header says
# rollback journal) does not help: SQLite reads a `-wal` because it is there, and the first connection that is closed writes it into the
# file for good.
#
# Output: the tables seen before, with the log beside it, and of the file alone after one open and close.
set -euo pipefail
dir=$(mktemp -d); trap 'rm -rf "$dir"' EXIT
python3 -m venv "$dir/venv"
"$dir/venv/bin/pip" install -q --disable-pip-version-check apsw==3.50.4.0
"$dir/venv/bin/python" - "$dir" <<'PY' | tee "$dir/out"
import os, shutil, sys
import apsw

folder = sys.argv[1]
assert apsw.sqlite_lib_version() == "3.50.4", apsw.sqlite_lib_version()

def run(database, sql):
    return [row[0] for row in database.execute(sql)]

def look(path):
    database = apsw.Connection(path)
    found = run(database, "SELECT name FROM sqlite_master"), run(database, "PRAGMA integrity_check")
    database.close()
    return found

restored = folder + "/restored.db"
database = apsw.Connection(restored)
run(database, "PRAGMA journal_mode = DELETE; CREATE TABLE restored (x)")
database.close()
print("before:", *look(restored))

other = apsw.Connection(folder + "/other.db")
run(other, "PRAGMA journal_mode = WAL; CREATE TABLE other (x)")
shutil.copy(folder + "/other.db-wal", restored + "-wal")
print("with the log of another database:", *look(restored))
assert not os.path.exists(restored + "-wal")
print("afterwards, without it:", *look(restored))
PY
diff - "$dir/out" <<'OUT'
before: ['restored'] ['ok']
with the log of another database: ['other'] ['ok']
afterwards, without it: ['other'] ['ok']
OUT
