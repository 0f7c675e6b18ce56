"""Directories: what is in them, and what of them goes."""

import sys

from . import os
from .files import DIRECTORY, is_directory, parent, remove

base = sys.modules[__name__[: __name__.rfind(".")]]

OCCUPIED = (39, 13)  # ENOTEMPTY, and what FAT says instead: EACCES


def names_in(path):
    # (name in bytes, whether it is a directory) of what is in a directory: a PC may have written names that are no
    # UTF-8. The list of / comes as text, and raises there.
    entries = os.ilistdir((path or "/").encode())
    while True:
        try:
            entry = next(entries)
        except StopIteration:
            return
        except UnicodeError:
            continue
        name = entry[0]
        yield name.encode() if isinstance(name, str) else name, bool(entry[1] & DIRECTORY)


def clear(path, levels, copies):
    # Removes what FAT (`copies`) may have kept of a file that has gone, and the nearest `levels` directories above it,
    # as far as they are empty.
    for level in range(levels + 1):
        if copies and "~" not in path:
            sweep(path)
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


def sweep(path):
    # A long name on FAT is several entries before a short one, `MEASUR~1.CSV`. When the power goes while they are
    # removed, the file may still be there, under its short name alone.
    stem, _, ending = path[len(parent(path)) + 1 :].upper().rpartition(".")
    if not stem:
        stem, ending = ending, ""
    if not is_directory(parent(path) or "/"):
        return
    for name, _ in list(names_in(parent(path))):
        start, tilde, rest = name.upper().partition(b"~")
        number, _, short = rest.partition(b".")
        begins = "".join([c for c in stem if c not in ". "]).encode()[: len(start)] == start
        fits = 0 < len(start) <= 6 and len(start) + len(number) <= 7
        if tilde and fits and begins and number.isdigit() and short == ending[:3].encode():
            remove_tree(parent(path) + "/" + str(name, "utf-8"))


def remove_tree(path):
    base.feed()
    if is_directory(path):
        for entry in list(os.ilistdir(path)):
            remove_tree(path + "/" + entry[0])
        os.rmdir(path)
    else:
        remove(path)


END = True
