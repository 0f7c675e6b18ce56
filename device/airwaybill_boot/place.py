"""The files of a release to where they are used."""

from . import ERESTART, os
from .clear import clear, rmdir
from .content import copy, digest_if_there, put
from .files import Damaged, is_directory, is_file, make_directories, parent
from .mounts import missing, settle
from .steps import entries

ENODEV = 19


def place(change):
    # Where files are renamed into place, each old one is copied when its turn comes: one at a time, that takes no more
    # room than the largest. Nothing is renamed out of the live directories: see `mounts.settle`.
    if missing(change):
        raise OSError(ENODEV, missing(change)[0])
    for name in change.head["mounts"]:
        settle(change, name)
    for _, copies, levels, _, path, _, old in entries(change, "D"):
        if is_file(path):
            if not copies:
                copy(path, old)
            os.remove(path)
        clear(path, levels, copies)
    for _, copies, _, _, path, _, _ in entries(change, "X"):
        if is_directory(path):
            rmdir(path, copies)
    made = None
    for kind, copies, _, digest, path, new, old in entries(change, "AR"):
        waits = digest_if_there(new)
        if (waits or digest_if_there(path)) != digest:
            raise Damaged("changed: " + path)
        if waits:
            if kind == "R" and not copies:
                copy(path, old)
            if parent(path) != made:
                made = parent(path)
                make_directories(made)
            if copies:
                put(new, path, True, True)
            else:
                move(new, path)


def move(source, target):
    # When a rename from one directory to another fails, littlefs may have done it all and not know: what it writes next
    # then removes the file after the source, and so on with each write, until it is mounted anew
    # (findings/littlefs-failed-rename-removes-files.sh).
    try:
        os.rename(source, target)
    except OSError as error:
        raise OSError(ERESTART, "%s: %s" % (target, error))


END = True
