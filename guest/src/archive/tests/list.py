"""Reads a tar from standard input and prints its members as JSON, in the shape of `row` in python.rs."""

import io
import json
import math
import sys
import tarfile


def micro(mtime):
    whole = math.floor(mtime)
    return whole * 1_000_000 + math.floor((mtime - whole) * 1e9) // 1000


def raw(text):
    return text.encode("utf-8", "surrogateescape").hex()


rows = []
with tarfile.open(fileobj=io.BytesIO(sys.stdin.buffer.read()), encoding="utf-8") as archive:
    for member in archive:
        content = archive.extractfile(member).read() if member.isreg() else b""
        names = [raw(member.name), raw(member.linkname), content.hex()]
        numbers = [member.mode, member.uid, member.gid, micro(member.mtime)]
        rows.append([member.type.decode(), names, numbers, member.uname, member.gname])
json.dump(rows, sys.stdout)
