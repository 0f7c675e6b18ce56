"""The files of a plan, one after the other."""

import sys

base = sys.modules[__name__[: __name__.rfind(".")]]

SHARD = 8  # staged files a directory: littlefs reads all of a directory to find one, and more to rename it


def staged(change, name, number, kind):
    # Where a file waits (`n`) or is kept (`o`).
    return "%s/%d/%s%d" % (change.staging(name), number // SHARD, kind, number)


def entries(change, kinds, only=None):
    # (kind, copies, levels, sha256, path, where it waits, where the old one is kept) of each file of these kinds on a
    # mount that is there, or on one alone.
    mounts = change.head["mounts"]
    there = [only] if only else [name for name in mounts if change.is_mounted(name)]
    with open(change.plan) as file:
        for line in file:
            if line[0] in kinds:
                base.feed()
                kind, number, levels, _, digest, path = line[:-1].split(" ", 5)
                name = path[: path.find("/")]
                if name in there:
                    real = change.mounts[name] + path[len(name) :]
                    new, old = staged(change, name, int(number), "n"), staged(change, name, int(number), "o")
                    yield kind, mounts[name], int(levels), digest, real, new, old


END = True
