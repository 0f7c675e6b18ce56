#!/usr/bin/env bash
# bsdiff4 1.3.2 and detools 0.53.0: a patch between images that are blank but for a few bytes takes four times as long for twice the size.
#
# The way of bsdiff looks for the longest match anew from each byte of the new file until one beats the place where it is by more than eight
# bytes. In a long run of one byte, of which the old file has most too, no match ever does: each search then compares runs as long as
# the image. 300 KB take a second; 4 MB would take three minutes. The crate bsdiff 0.2.1, the same code in Rust, takes 5 s for 600 KB, and
# 1 s for 1.5 MB of noise. Flash images have such runs: what was erased is 0xFF.
#
# Which blank images it hits differs: of a string that changed in the blank, detools makes nothing, bsdiff4 takes as long as ever. It
# matters to whoever makes patches on a server: the bound has to be on time, or the matches have to be found by sorting
# both files together, which takes 0.05 s for 600 KB.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install -q bsdiff4==1.3.2 detools==0.53.0

venv/bin/python - <<'PYTHON'
import time
from io import BytesIO

import bsdiff4
import detools


def by_detools(old, new):
    detools.create_patch(BytesIO(old), BytesIO(new), BytesIO(), compression="none", use_mmap=False)


def blank(size):
    old = bytearray(size)
    for place in (size // 6, size // 2, size * 5 // 6):
        old[place] = 1
    return bytes(old), bytes(size)


def seconds(make, size):
    began = time.process_time()
    make(*blank(size))
    return time.process_time() - began


for name, make in {"bsdiff4": bsdiff4.diff, "detools": by_detools}.items():
    took = {size: min(seconds(make, size) for _ in range(3)) for size in (75_000, 150_000, 300_000)}
    print(name, *(f"{size:,} bytes: {took[size]:.3f} s" for size in took), sep="; ")
    assert took[300_000] > 3 * took[150_000] > 9 * took[75_000] * 0.8, "expected four times the time for twice the size"
PYTHON
echo "as described"
