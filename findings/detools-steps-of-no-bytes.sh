#!/usr/bin/env bash
# A patch of detools may have many steps that bring no byte, neither changed nor new, and only move to another place of the old file:
# for a file of 4,000 bytes in which a line of 13 bytes comes again and again, and which was put together anew at another place, nearly
# all of them. They are valid, and detools applies them.
#
# Seen with PyPI's detools 0.53.0 (patch type "sequential", without compression), read by its own detools.common.unpack_size. Steps come
# from the search of bsdiff, which ends one wherever it finds that the match continues elsewhere, 13 bytes before.
#
# It matters to whoever writes a decoder for a device: "a step without a byte is no progress, so the patch is damaged" refuses good
# patches, and without any limit a small damaged patch, which expands to many such steps, keeps the processor busy. A file's bytes and
# one are as many steps as there can be: the search goes on by a byte at least.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 -m venv "$dir/venv"
"$dir/venv/bin/pip" install -q --disable-pip-version-check detools==0.53.0
"$dir/venv/bin/python" - <<'PYTHON'
import io

import detools
from detools.common import unpack_size

line = b"report_s 900\n"
old = line * 300
new = old[2271:2500] + b"#" + old[:2000] + b"end" + old[13:1800]
patch = io.BytesIO()
detools.create_patch(io.BytesIO(old), io.BytesIO(new), patch, compression="none")
made = io.BytesIO()
detools.apply_patch(io.BytesIO(old), io.BytesIO(patch.getvalue()), made)
assert made.getvalue() == new

patch.seek(1)
size = unpack_size(patch)
assert size == len(new) and unpack_size(patch) == 0
steps = empty = done = 0
while done < size:
    changed = unpack_size(patch)
    patch.seek(changed, 1)
    added = unpack_size(patch)
    patch.seek(added, 1)
    unpack_size(patch)
    steps += 1
    empty += not changed + added
    done += changed + added
print(f"{len(new)} bytes, {steps} steps, {empty} of them of no bytes")
assert steps <= size + 1
assert empty > 0.9 * steps and empty > 50
PYTHON
