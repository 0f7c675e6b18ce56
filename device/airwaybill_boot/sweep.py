"""What FAT may have kept of a file that has gone."""

from .files import is_directory, parent
from .trees import names_in, remove_tree


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


END = True
