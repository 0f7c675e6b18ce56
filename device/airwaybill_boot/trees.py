"""Directories, and all that is in them."""

from . import feed, os
from .files import DIRECTORY, is_directory, remove


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


def remove_tree(path):
    if is_directory(path):
        remove_directory(path)
    else:
        remove(path)


def remove_directory(path):
    for entry in list(os.ilistdir(path)):
        feed()
        below = path + "/" + entry[0]
        if entry[1] & DIRECTORY:
            remove_directory(below)
        else:
            os.remove(below)
    os.rmdir(path)


END = True
