"""What is left of a file that has gone."""

from . import os, part
from .files import is_directory, parent

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
                os.rmdir(path)
            except OSError as error:
                if error.args[0] not in OCCUPIED:
                    raise
                return


END = True
