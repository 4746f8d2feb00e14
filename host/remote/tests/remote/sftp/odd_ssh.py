#!/usr/bin/env python3
"""Stands in for ssh: a server of SFTP with one oddity, which is the name of the host. Serves this machine's tree, one file at a time."""
import os
import struct
import sys

ODDITY = sys.argv[-2]
HANDLE = b"\x80\xff\x00\xfe"
EXTENSIONS = [b"posix-rename@openssh.com", b"fsync@openssh.com", b"statvfs@openssh.com"]
INIT, OPEN, CLOSE, READ, WRITE, LSTAT, SETSTAT, OPENDIR, READDIR, REMOVE, MKDIR, STAT, RENAME, EXTENDED = \
    1, 3, 4, 5, 6, 7, 9, 11, 12, 13, 14, 17, 18, 200
STATUS, IS_HANDLE, DATA, NAME, ATTRIBUTES, REPLY = 101, 102, 103, 104, 105, 201


def string(value):
    return struct.pack(">I", len(value)) + value


def attributes(path):
    found = os.lstat(path)
    size = found.st_size - (1 if ODDITY == "shortens" and path.endswith(b".part") else 0)
    return struct.pack(">IQI", 5, size, found.st_mode)


class Fields:
    def __init__(self, data):
        self.data = data

    def take(self, form):
        size = struct.calcsize(form)
        value = struct.unpack(form, self.data[:size])[0]
        self.data = self.data[size:]
        return value

    def string(self):
        size = self.take(">I")
        value, self.data = self.data[:size], self.data[size:]
        return value


class Server:
    def __init__(self):
        self.file = None
        self.names = []
        self.writable = ODDITY != "read-only"

    def rename(self, old, new):
        os.rename(old, new)
        return STATUS, 0

    def answer(self, kind, fields):
        """The kind of the answer, and its content or code."""
        if kind in (STAT, LSTAT):
            return ATTRIBUTES, attributes(fields.string())
        if kind == OPEN:
            path, flags = fields.string(), fields.take(">I")
            self.file = open(path, "wb" if flags & 2 else "rb", buffering=0)
            return IS_HANDLE, string(HANDLE)
        if kind == OPENDIR:
            path = fields.string()
            self.names = [(name, os.path.join(path, name)) for name in os.listdir(path)]
            return IS_HANDLE, string(HANDLE)
        if kind in (CLOSE, READ, WRITE, READDIR) and fields.string() != HANDLE:
            return STATUS, 9
        if kind == CLOSE:
            return STATUS, 4 if ODDITY == "close-fails" else 0
        if kind == WRITE:
            self.file.seek(fields.take(">Q"))
            self.file.write(fields.string())
            return STATUS, {"quota": 15, "full": 4}.get(ODDITY, 0)
        if kind == READ:
            self.file.seek(fields.take(">Q"))
            wanted = fields.take(">I")
            data = self.file.read(min(wanted, 1000) if ODDITY == "short-reads" else wanted)
            return (DATA, string(data)) if data else (STATUS, 1)
        if kind == READDIR:
            if not self.names:
                return STATUS, 1
            names = b"".join(string(name) + string(b"") + attributes(path) for name, path in self.names)
            if ODDITY == "endless":
                return NAME, struct.pack(">I", 5000) + names * 5000
            count, self.names = len(self.names), []
            return NAME, struct.pack(">I", count) + names
        if kind == REMOVE:
            if not self.writable:
                return STATUS, 3
            os.unlink(fields.string())
            return STATUS, 0
        if kind == SETSTAT:
            self.writable = True
            return STATUS, 0
        if kind == MKDIR:
            os.mkdir(fields.string())
            return STATUS, 4 if ODDITY == "mkdir-lies" else 0
        if kind == RENAME:
            if ODDITY == "rename-11":
                return STATUS, 11
            code = self.rename(fields.string(), fields.string())
            if ODDITY == "rename-lost":
                sys.exit(255)
            return (STATUS, 4) if ODDITY == "rename-lies" else code
        name = fields.string()
        if kind != EXTENDED or name not in EXTENSIONS or ODDITY == "offers-only":
            return STATUS, 8
        if name == EXTENSIONS[0]:
            return self.rename(fields.string(), fields.string())
        if name == EXTENSIONS[2]:
            return REPLY, struct.pack(">11Q", 4096, 4096, 1000, 0, 0 if ODDITY == "full" else 500, 1, 1, 1, 1, 0, 255)
        return STATUS, 0


def main():
    source, target = sys.stdin.buffer, sys.stdout.buffer
    if ODDITY == "greets":
        target.write(b"Welcome to this machine!\n")
    if ODDITY == "huge":
        target.write(b"\x7f\xff\xff\xff")
    server = Server()
    while len(head := source.read(4)) == 4:
        packet = source.read(struct.unpack(">I", head)[0])
        kind, fields = packet[0], Fields(packet[5:])
        if kind == INIT:
            answer = bytes([2]) + struct.pack(">I", 3) + b"".join(string(name) + string(b"1") for name in EXTENSIONS)
        else:
            try:
                form, content = server.answer(kind, fields)
            except FileNotFoundError:
                form, content = STATUS, 2
            except OSError:
                form, content = STATUS, 4
            if form == STATUS:
                content = struct.pack(">I", content) + string(b"") + string(b"")
            answer = bytes([form]) + packet[1:5] + content
        target.write(string(answer))
        target.flush()


main()
