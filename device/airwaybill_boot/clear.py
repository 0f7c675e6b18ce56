"""What is left of a file that has gone."""

from . import ERESTART, os, part
from .files import is_directory, parent

CRASHES = 20  # starts that end in the middle of an installation, or its way back, before it goes another way
OCCUPIED = (39, 13)  # ENOTEMPTY, and what FAT says instead: EACCES


def clear(path, levels, copies):
    # Removes what FAT (`copies`) may have kept of a file that has gone, and the nearest `levels` directories above it,
    # as far as they are empty.
    for level in range(levels + 1):
        if copies and "~" not in path:
            part("sweep").sweep(path)
        if level == levels:
            return
        path = parent(path)
        if is_directory(path):  # littlefs's rmdir takes a file, too
            try:
                rmdir(path, copies)
            except OSError as error:
                if error.args[0] not in OCCUPIED:
                    raise
                return


def rmdir(path, copies):
    # When that fails, littlefs may keep in memory what the directory had of a rename long ago, and takes it for one
    # that goes on: what it writes next stays so, until it is mounted anew
    # (findings/littlefs-failed-write-damages-later-ones.sh).
    try:
        os.rmdir(path)
    except OSError as error:
        if copies or error.args[0] in OCCUPIED:
            raise
        raise OSError(ERESTART, "%s: %s" % (path, error))


END = True
