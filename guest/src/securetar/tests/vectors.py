#!/usr/bin/env python3
"""Makes vectors.json: what libsodium and PyPI's securetar write with fixed randomness. Run it with securetar 2026.10.0:

    python3 tests/fixtures/counterpart.py read /dev/null; target/counterpart-venv/bin/python guest/src/securetar/tests/vectors.py

The first command creates the environment. Its error about the file does not matter here.
"""
import hashlib
import io
import json
from pathlib import Path

import nacl.bindings as sodium
import securetar

PASSWORD = "Küche-1234 🔑"
MIB = 1 << 20
SIZES = [0, 1, 3, 15, 16, 17, MIB - 1, MIB, MIB + 1, 2 * MIB, 3 * MIB + 5]


def plaintext(size):
    """Begins like gzip, so that versions without authentication can be read; otherwise no two blocks are equal."""
    body = bytes(((i * 2654435761) & 0xFFFFFFFF) >> 24 for i in range(size))
    return b"\x1f\x8b\x08"[:size] + body[3:]


def counting():
    """Bytes 0, 1, 2, … in the order in which they are drawn."""
    state = [0]

    def draw(count):
        state[0] += count
        return bytes(i & 0xFF for i in range(state[0] - count, state[0]))
    return draw


def secretstream():
    """Messages of odd lengths and all tags; after REKEY everything is different."""
    key, header = bytes(range(32)), bytes(range(100, 124))
    state = sodium.crypto_secretstream_xchacha20poly1305_state()
    sodium.crypto_secretstream_xchacha20poly1305_init_pull(state, header, key)
    lengths = [0, 1, 15, 16, 17, 47, 48, 49, 63, 64, 65, 127, 128, 129, 255, 256, 257, 511, 1000, 0]
    rows = []
    for number, length in enumerate(lengths):
        tag = 3 if number == len(lengths) - 1 else 2 if number % 7 == 5 else number % 2
        message = plaintext(length)
        sealed = sodium.crypto_secretstream_xchacha20poly1305_push(state, message, None, tag)
        rows.append({"length": length, "tag": tag, "sealed": sealed.hex()})
    return {"key": key.hex(), "header": header.hex(), "messages": rows}


def archive(version):
    """One root key for all, as in an archive of several parts."""
    draw = counting()
    securetar.nacl_random = draw

    def init_push(state, key):
        header = draw(24)
        sodium.crypto_secretstream_xchacha20poly1305_init_pull(state, header, key)
        return header
    securetar.nss.crypto_secretstream_xchacha20poly1305_init_push = init_push
    context = securetar.SecureTarRootKeyContext(PASSWORD)
    rows = []
    for size in SIZES:
        stream = securetar.SecureTarEncryptStream(
            io.BytesIO(plaintext(size)), create_version=version, derived_key_id=None, plaintext_size=size, root_key_context=context)
        with stream as encrypted:
            data = encrypted.read(size + 4 * MIB)
        header = 48 if version == 2 else 136
        rows.append({"size": size, "header": data[:header].hex(), "length": len(data), "sha256": hashlib.sha256(data).hexdigest()})
    return rows


document = {"password": PASSWORD, "secretstream": secretstream(), "v2": archive(2), "v3": archive(3)}
Path(__file__).with_name("vectors.json").write_text(json.dumps(document, indent=1, ensure_ascii=False) + "\n")
