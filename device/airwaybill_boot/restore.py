"""The files of the old release to where they were."""

from . import ERESTART, TRIES, os
from .clear import CRASHES, clear
from .content import put
from .files import error_text, is_directory, is_file, make_directories, parent, stat
from .mounts import is_mounted, lose, settle
from .steps import entries

ENOTEMPTY = 39


def restore(change):
    # Mount by mount. A card that fails is left for later, like one that is away; so is one that another's hides.
    for name in change.head["mounts"]:
        if not is_own(change, name):
            lose(change, name)
        error = None
        for _ in range(TRIES if is_mounted(change.mounts, name) else 0):
            error = restore_mount(change, name)
            if not error:
                break
        if error and name != "flash":
            lose(change, name)
        elif error:
            change.error = error


def is_own(change, name):
    try:
        return name == "flash" or is_directory(change.staging(name))
    except OSError:
        return False


def restore_mount(change, name):
    # The last error; what fails does not stop the rest.
    error = None
    try:
        settle(change, name)
    except OSError as failed:
        error = error_text(failed)
    for kinds, undo in (("A", take_away), ("X", make_again), ("RD", put_back)):
        for entry in entries(change, kinds, name):
            try:
                if error and undo == put_back and is_directory(entry[4]):
                    raise OSError(ENOTEMPTY)  # what is in it may be of the release, and could not be taken away
                undo(change.journal["placed"], *entry)
            except OSError as failed:
                if failed.args[0] == ERESTART and change.journal["starts"] < CRASHES:
                    raise
                error = "%s: %s" % (entry[4], error_text(failed))
    return error


def take_away(placed, kind, copies, levels, digest, path, new, old):
    if is_file(path) and (copies or not stat(new)):
        os.remove(path)
    clear(path, levels, copies)


def make_again(placed, kind, copies, levels, digest, path, new, old):
    make_directories(path)


def is_whole(path, other):
    # Of two files, one a copy of the other. littlefs shows nothing of a new file until it is closed: a copy that was
    # cut short is empty.
    return is_file(path) and (stat(path)[6] or not stat(other) or not stat(other)[6])


def put_back(placed, kind, copies, levels, digest, path, new, old):
    if not (placed or copies) and (stat(new) if kind == "R" else is_whole(path, old)):
        return  # it is still there, and its copy may be half of it
    if stat(old):
        if is_directory(path):
            os.rename(path, path + ".kept")  # what the application has put there meanwhile
        make_directories(parent(path))
        put(old, path, True, copies)


END = True
