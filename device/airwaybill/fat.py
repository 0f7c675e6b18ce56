"""Which names FAT can hold, and which of them it takes for one file. Loaded only for mounts that have it."""

from airwaybill_boot import hashlib
from airwaybill_boot.files import Writing, parent
from airwaybill_boot.trees import names_in
from OTA import OTAError

HEX = b"0123456789ABCDEF"

# FatFs, as MicroPython builds it, takes each byte of a name for a character of code page 437. In a long name it folds
# what has a capital in that code page; in one that is also a short name (8.3) it drops most accents as well. Pairs: a
# byte, and the one that stands for its class.
LONG_FOLDS = b"\x87\x80\x81\x9a\x82\x90\x84\x8e\x86\x8f\x91\x92\x94\x99\xa4\xa5\xe5\xe4\xed\xe8"
SHORT_FOLDS = (
    b"\x88\x90\x89\x90\x8a\x90"  # E
    b"\x85\x83\xa0\x83"  # A
    b"\x8c\x8b\x8d\x8b\xa1\x8b"  # I
    b"\x95\x93\xa2\x93"  # O
    b"\x97\x96\xa3\x96"  # U
)


def check_fat_path(path):
    """That FAT can hold `path`, which has passed `check_path`, under this name and no other's."""
    for segment in path.split("/"):
        # FatFs drops dots and blanks at the end, and so takes the name for another.
        if segment[-1] in ". " or any([c in segment for c in '"*:<>?|']) or is_generated(segment.encode()):
            raise OTAError("path_reserved", path)


def fat_name(path):
    """The same bytes for two paths, a text each, that FatFs takes for one file."""
    return b"/".join([_folded(segment) for segment in path.encode().upper().split(b"/")])


def _folded(segment):
    if max(segment) >= 0x80:
        folds = LONG_FOLDS + SHORT_FOLDS if _is_short(segment) else LONG_FOLDS
        for i in range(0, len(folds), 2):
            segment = segment.replace(folds[i : i + 1], folds[i + 1 : i + 2])
    return segment


def _is_short(segment):
    """Whether FAT holds this name as 8.3, without a second one that it makes up."""
    parts = segment.split(b".")
    if not 0 < len(parts[0]) <= 8 or len(parts) > 2 or len(parts[-1]) > (3 if len(parts) > 1 else 8):
        return False
    return not any([c in segment for c in (b" ", b"+", b",", b";", b"=", b"[", b"]")])


def is_generated(segment):
    """Whether FatFs may make up this name for a long one, whose file it then opens: `MAINPY~1.PY`, and from the sixth
    of a directory on `MA~3F0C.PY`; `~1.PY` for `.py`."""
    stem = segment.split(b".")[0]
    start = stem.rfind(b"~")
    return start >= 0 and _is_short(segment) and stem[start + 1 :] != b"" and not stem[start + 1 :].upper().strip(HEX)


def has_name(path):
    """Whether the directory has this very name: FAT finds a file by others, too."""
    wanted = path[path.rfind("/") + 1 :].encode()
    return any([name == wanted for name, _ in names_in(parent(path))])


def check_case(path, mount):
    """On FAT paths that differ only in case are one file. A release with two of them is refused; the delete of one that
    the release brings in another case is struck from the list."""
    marks = bytearray()  # four bytes of a hash for each path; what two of them share is looked up in the list
    for wanted in ("ARKBCS", "D"):
        at = 0
        with Writing(path, "r+b") as file:
            line = file.readline()
            while line:
                folded = _folded_path(line, wanted, mount)
                if folded:
                    mark = hashlib.sha256(folded).digest()[:4]
                    if mark in marks and _has_case(path, folded, at, mount):
                        if wanted != "D":
                            raise OTAError("path_case", str(line[:-1].split(b" ", 5)[5], "utf-8"))
                        file.seek(at)
                        file.write(b"d")
                        file.seek(at + len(line))
                    elif wanted != "D":
                        marks.extend(mark)
                at += len(line)
                line = file.readline()


def _folded_path(line, wanted, mount):
    if chr(line[0]) not in wanted:
        return None
    path = str(line[:-1].split(b" ", 5)[5], "utf-8")
    return fat_name(path) if path.startswith(mount + "/") else None


def _has_case(path, folded, but, mount):
    at = 0
    with open(path, "rb") as file:
        for line in file:
            if at != but and _folded_path(line, "ARKBCS", mount) == folded:
                return True
            at += len(line)
    return False
