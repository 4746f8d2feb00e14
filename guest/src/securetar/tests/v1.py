#!/usr/bin/env python3
"""Makes v1.bin and v1-plain.bin: inner tars that the real securetar of 2023 wrote. Needs `pip install securetar==2023.12.0`.

The password is `old password`; the tars hold data/, data/configuration.yaml and data/notes.txt.
"""
import hashlib
import io
import tarfile
from pathlib import Path

import securetar

FILES = {"data/configuration.yaml": b"default_config:\n", "data/notes.txt": b"".join(b"line %d\n" % i for i in range(900))}
key = b"old password"
for _ in range(100):
    key = hashlib.sha256(key).digest()
for name, gzip in (("v1.bin", True), ("v1-plain.bin", False)):
    with securetar.SecureTarFile(Path(__file__).with_name(name), "w", key=key[:16], gzip=gzip) as tar:
        root = tarfile.TarInfo("data")
        root.type, root.mode, root.mtime = tarfile.DIRTYPE, 0o755, 1700000000
        tar.addfile(root)
        for path, content in FILES.items():
            member = tarfile.TarInfo(path)
            member.size, member.mtime = len(content), 1700000000
            tar.addfile(member, io.BytesIO(content))
