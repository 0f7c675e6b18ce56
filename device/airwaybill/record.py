"""What the device knows of itself: `waybill/files`, the paths and hashes of the release that it has confirmed (D13)."""

from airwaybill_boot.files import Writing
from airwaybill_boot.sealed import Sealed, open_sealed
from airwaybill_boot import json
from airwaybill.lists import fields

RECORD = "airwaybill files 1\n"


def read_head(ota, version):
    """The head of the record of release `version`: `version`, `before` (the release before it) and `firmware` (the
    SHA-1 of the image that runs). None where there is no whole record of that release."""
    found = open_sealed(ota.home + "/files", RECORD)
    if not found or found[0]["version"] != version:
        return None
    return found[0]


def entries(path):
    """(path, size, sha256) of each file of the record at `path`, in order. The path of a directory that the release has
    made ends in a slash; it has neither size nor hash."""
    with open(path) as file:
        file.readline()
        file.readline()
        for line in file:
            if line[0] == "=":
                return
            if line[0] == "/":
                yield line[2:-1], None, None
            else:
                digest, size, path = line[:-1].split(" ", 2)
                yield path, int(size), digest


def write(path, head, files):
    """`files`: (path, size, sha256, levels) in order; `levels` is how many of its nearest directories the release has
    made. Each directory is written before the first file below it."""
    written = ""
    with Writing(path, "w") as file:
        sealed = Sealed(file)
        sealed.write(RECORD)
        sealed.write(json.dumps(head) + "\n")
        for name, size, digest, levels in files:
            parts = name.split("/")
            for depth in range(len(parts) - 1 - levels, len(parts) - 1):
                directory = "/".join(parts[: depth + 1]) + "/"
                if not written.startswith(directory):
                    sealed.write("/ %s\n" % directory)
                    written = directory
            sealed.write("%s %d %s\n" % (digest, size, name))
        sealed.seal()


def section(path, start, end):
    """(path, fields) of the files in a part of a list."""
    with open(path) as file:
        file.seek(start)
        while file.tell() < end:
            line = file.readline()
            if line[0] not in "PQ":
                found = fields(line)
                yield found[5], found


def merged(sources):
    """(path, {name of the source: item}) of sorted sources, each a name and an iterator of (path, item)."""
    heads = []
    for name, items in sources:
        head = next(items, None)
        if head:
            heads.append([head[0], name, head[1], items])
    while heads:
        path = min([head[0] for head in heads])
        found = {}
        for head in heads:
            if head[0] == path:
                found[head[1]] = head[2]
                head[0], head[2] = next(head[3], (None, None))
        yield path, found
        heads = [head for head in heads if head[0] is not None]


def owned(directories, path, made=0):
    """How many of the nearest directories above `path` are the release's: `made` of them that it makes now, and those
    among the open `directories` of its record, the innermost last."""
    levels = made
    at = path.rfind("/")
    for _ in range(made):
        at = path.rfind("/", 0, at)
    for directory in reversed(directories):
        if directory != path[: at + 1]:
            break
        levels += 1
        at = path.rfind("/", 0, at)
    return levels
