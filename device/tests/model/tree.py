"""The files below a directory as a dictionary, content by device path, and back."""

import os

MOUNTS = ("flash", "sd")


def walk(real, path, tree):
    """All but the client's own directory; a directory with nothing in it ends in a slash."""
    for entry in os.ilistdir(real):
        name = entry[0]
        if path in MOUNTS and name == "waybill":
            continue
        below = path + "/" + name
        if entry[1] & 0x4000:
            size = len(tree)
            walk(real + "/" + name, below, tree)
            if len(tree) == size:
                tree[below + "/"] = b""
        else:
            with open(real + "/" + name, "rb") as file:
                tree[below] = file.read()


def read_tree():
    """What is at /flash and /sd."""
    tree = {}
    for mount in MOUNTS:
        walk("/" + mount, mount, tree)
    return tree


def write_tree(tree):
    for path, content in tree.items():
        at = path.find("/", path.find("/") + 1)
        while at > 0:
            try:
                os.mkdir("/" + path[:at])
            except OSError:
                pass
            at = path.find("/", at + 1)
        with open("/" + path, "wb") as file:
            file.write(content)


def difference(found, wanted):
    """How one tree is not another, or None."""
    for path in sorted(found):
        if path not in wanted:
            return "has " + path
        if found[path] != wanted[path]:
            return "differs in " + path
    for path in sorted(wanted):
        if path not in found:
            return "lacks " + path
    return None
