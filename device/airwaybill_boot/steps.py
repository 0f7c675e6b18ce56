"""The files of a plan, one after the other."""

from . import feed
from .files import staged
from .mounts import is_mounted


def entries(change, kinds, only=None):
    # (kind, copies, levels, sha256, path, where it waits, where the old one is kept) of each file of these kinds on a
    # mount that is there, or on one alone.
    mounts = change.head["mounts"]
    there = [only] if only else [name for name in mounts if is_mounted(change.mounts, name)]
    with open(change.plan) as file:
        for line in file:
            if line[0] in kinds:
                feed()
                kind, number, levels, _, digest, path = line[:-1].split(" ", 5)
                name = path[: path.find("/")]
                if name in there:
                    real = change.mounts[name] + path[len(name) :]
                    new, old = [staged(change.staging(name), int(number), which) for which in "no"]
                    yield kind, mounts[name], int(levels), digest, real, new, old


END = True
