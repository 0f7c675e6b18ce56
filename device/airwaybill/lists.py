"""The list of a download, `waybill/fetch`: what the device is to fetch and to change.

Text: `P prefix`, what stands before the device path in the URLs that follow; `Q request`, the next file's URL where
that does not hold; `kind number levels size digest path`, a file. The kinds are those of a plan (see
`airwaybill_boot.change`), with the file's SHA-1, and K(eep: it is there already, and the digest is its SHA-256),
C (delivered once, then the device's own), S(kip) and d (a delete that does not apply). At the end `= id`, the name of
the directories in which its files are staged.
"""

UNRESERVED = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~/"


def quote(path):
    """M2: the path as it stands in a URL."""
    if not path.strip(UNRESERVED):
        return path
    return "".join([chr(c) if chr(c) in UNRESERVED else "%%%02X" % c for c in path.encode()])


def lines(path):
    """(kind, number, levels, size or None, digest, path, request) of each file of a list."""
    prefix = ""
    special = None
    with open(path) as file:
        for line in file:
            if line[0] == "P":
                prefix = line[2:-1]
            elif line[0] == "Q":
                special = line[2:-1]
            elif line[0] != "=":
                kind, number, levels, size, digest, name = fields(line)
                yield kind, number, levels, size, digest, name, special or prefix + quote(name)
                special = None


def fields(line):
    kind, number, levels, size, digest, name = line[:-1].split(" ", 5)
    return kind, int(number), int(levels), None if size == "-" else int(size), digest, name


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
