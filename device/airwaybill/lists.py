"""The list of a download, `waybill/fetch`: what the device is to fetch and to change.

Text: `P prefix`, what stands before the device path in the URLs that follow; `Q request`, the next file's URL where
that does not hold; `Q size base digest request`, the next file's patch (X3), `-` where it needs no base; `kind number
levels size digest path`, a file. The kinds are those of a plan (see
`airwaybill_boot.change`), with the file's SHA-1, and K(eep: it is there already, and the digest is its SHA-256),
C (delivered once, then the device's own), S(kip) and d (a delete that does not apply). At the end `= id`, the name of
the directories in which its files are staged.
"""

from micropython import const

from airwaybill_boot import HOME, feed

_SUM_BYTES = const(73)
UNRESERVED = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~/"


def staging(ota, path):
    """Where the file `path` is staged, on its own mount."""
    return "%s/%s/%s" % (ota.mounts[path[: path.find("/")]], HOME, ota.plan_id)


def quote(path):
    """M2: the path as it stands in a URL."""
    if not path.strip(UNRESERVED):
        return path
    return "".join([chr(c) if chr(c) in UNRESERVED else "%%%02X" % c for c in path.encode()])


def write(file, number, kind, levels, size, digest, path):
    """A file's line. The number of the next one."""
    size = "-" if size is None else size
    file.write("%s %d %d %s %s %s\n" % (kind, number, levels, size, digest, path))
    return number + 1


def address(file, prefix, path, request, patch):
    """Writes how `request` is to be made of the path in the line that follows, and its patch. The prefix from here
    on."""
    if patch:
        size, base, digest, name = patch
        file.write("Q %d %s %s %s\n" % (size, base or "-", digest, name))
    quoted = quote(path)
    if not request.endswith(quoted):
        file.write("Q %s\n" % request)
    elif request[: -len(quoted)] != prefix:
        prefix = request[: -len(quoted)]
        file.write("P %s\n" % prefix)
    return prefix


def lines(path, patches=None):
    """(kind, number, levels, size or None, digest, path, request) of each file of a list. A list `patches` has its
    patch, (size, base or None, digest, request), or None."""
    prefix = ""
    special = patch = None
    with open(path) as file:
        for line in file:
            feed()
            if line[0] == "P":
                prefix = line[2:-1]
            elif line[0] == "Q":
                words = line[:-1].split(" ")
                if len(words) == 2:
                    special = words[1]
                else:
                    patch = int(words[1]), None if words[2] == "-" else words[2], words[3], words[4]
            elif line[0] != "=":
                if patches is not None:
                    patches[:] = (patch,)
                kind, number, levels, size, digest, name = fields(line)
                yield kind, number, levels, size, digest, name, special or prefix + quote(name)
                special = patch = None


def fields(line):
    kind, number, levels, size, digest, name = line[:-1].split(" ", 5)
    return kind, int(number), int(levels), None if size == "-" else int(size), digest, name


def write_sum(file, number, sha256, size):
    """`waybill/ID/sums` has, for each line of the list, the file's SHA-256 and its size in 8 digits."""
    file.seek(number * _SUM_BYTES)
    file.write("%s%8d\n" % (sha256, size))


def read_sum(file, number):
    file.seek(number * _SUM_BYTES)
    text = str(file.read(_SUM_BYTES), "ascii")
    return text[:64], int(text[64:])
