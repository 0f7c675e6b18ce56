"""That all is as it was planned, before anything changes."""

from . import os
from .files import Damaged, is_file, parent, stat
from .steps import entries


def check(change):
    shard = None
    above, there = None, True
    for kind, copies, _, _, path, new, old in entries(change, "ARDB"):
        if parent(new) != shard:  # one look at the directory: littlefs reads all of it for each file
            shard = parent(new)
            names = os.listdir(shard) if stat(shard) else ()
        for wanted, kinds in ((new, "ARB"), (old, "RD" if copies else "")):
            if kind in kinds and wanted[len(shard) + 1 :] not in names:
                raise Damaged("changed: " + wanted)
        if parent(path) != above:
            above = parent(path)
            there = stat(above or "/")
        if kind != "B" and bool(there and is_file(path)) != (kind != "A"):
            raise Damaged("changed: " + path)


END = True
