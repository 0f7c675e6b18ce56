#!/usr/bin/env bash
# detools 0.53.0: its sequential patches have steps without a byte, and it applies any number of them.
#
# A step has differences to the old file, bytes of its own, and how far to move in the old file. Where the new file's first bytes are not the old
# one's first, detools writes a first step of nothing but the move; rarely one in the middle too. So an applier that refuses such
# steps, because they make no progress, refuses most patches of files whose start changed. One that takes them all can be kept
# busy: a patch of 264 bytes, which makes a file of one byte, has 400,000 steps here, a second on a PC, and minutes on a microcontroller. To refuse
# the second of two in a row does both.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install -q detools==0.53.0

venv/bin/python - <<'PYTHON'
import lzma
import time
from io import BytesIO

import detools


def made(old, new):
    patch = BytesIO()
    detools.create_patch(BytesIO(old), BytesIO(new), patch, compression="none", use_mmap=False)
    return patch.getvalue()


def applied(old, patch):
    new = BytesIO()
    detools.apply_patch(BytesIO(old), BytesIO(patch), new)
    return new.getvalue()


text = b"import machine\nmachine.reset()\n"
patch = made(b"# gone\n" + text, text)
# Type, size, no data format; no differences, no bytes, on by 7.
assert patch[:6] == bytes([0, len(text), 0, 0, 0, 7]), patch.hex()
print("made by detools:", patch[:6].hex(" "))

steps = bytes(3) * 400_000
busy = bytes([1, 1]) + lzma.compress(b"\0" + steps + b"\0\x01a\0", format=lzma.FORMAT_ALONE)
began = time.process_time()
assert applied(b"", busy) == b"a"
took = time.process_time() - began
print(f"a patch of {len(busy)} bytes, for a file of one: {took:.2f} s")
assert len(busy) < 300 and took > 0.1
PYTHON
echo "as described"
