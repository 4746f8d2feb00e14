"""Prints one line of JSON with what is expected, in the shape of `row` in python.rs, and then a tar of it.

Standard input names the format: `pax` or `gnu`, and `gz` to compress.
"""

import io
import json
import math
import sys
import tarfile

words = sys.stdin.read().split()
pax = words[0] == "pax"
rows = []
buffer = io.BytesIO()
archive = tarfile.open(
    fileobj=buffer,
    mode="w:gz" if "gz" in words else "w",
    format=tarfile.PAX_FORMAT if pax else tarfile.GNU_FORMAT,
    encoding="utf-8",
)


def raw(text):
    return text.encode("utf-8", "surrogateescape").hex()


def add(name, kind, mtime=1795444780.5, link="", content=b"", uid=0, expected=True):
    info = tarfile.TarInfo(name)
    info.type, info.linkname, info.size, info.mode = kind, link, len(content), 0o640
    info.uid, info.gid, info.uname, info.gname = uid, 7, "root", "gröup" if pax else "group"
    info.mtime = mtime if pax else math.floor(mtime)
    archive.addfile(info, io.BytesIO(content))
    if expected:
        whole = math.floor(info.mtime)
        micro = whole * 1_000_000 + math.floor((info.mtime - whole) * 1e9) // 1000
        names = [raw(name.removeprefix("./")), raw(link), content.hex()]
        rows.append([kind.decode(), names, [0o640, uid, 7, micro], "root", info.gname])


add("./", tarfile.DIRTYPE, expected=False)
add("./homeassistant.json", tarfile.REGTYPE, content=b"{}", expected=False)
add("./data", tarfile.DIRTYPE)
add("data/.storage", tarfile.DIRTYPE, mtime=-1.25)
add("data/plain", tarfile.REGTYPE, content=b"x" * 5000)
add("data/before 1970", tarfile.REGTYPE, mtime=-86400.125)
add("data/hard", tarfile.LNKTYPE, link="data/plain")
add("data/absolute", tarfile.SYMTYPE, link="/somewhere/else")
add("data/Käse 日本", tarfile.REGTYPE, content=b"y")
add(b"data/\xff\xfe".decode("utf-8", "surrogateescape"), tarfile.REGTYPE, content=b"z")
add("data/" + "d/" * 100 + "n" * 250, tarfile.REGTYPE, content=b"long")
add("data/" + "l" * 120, tarfile.SYMTYPE, link="t" * 300)
add("data/two\nlines", tarfile.REGTYPE, uid=0o10000000)
add("data/pipe", tarfile.FIFOTYPE, expected=False)
archive.close()
sys.stdout.write(json.dumps(rows) + "\n")
sys.stdout.flush()
sys.stdout.buffer.write(buffer.getvalue())
