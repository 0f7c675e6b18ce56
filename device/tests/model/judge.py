"""Whether a board that has started is wholly on one release, and what is wrong otherwise."""

import os
import sys

from firmware import image_version

DIRECTORY = 0x4000
CARD = "flash/sd"  # in a list of a flash that is mounted at /
ROOTS = ("flash", "flash/lib")  # as sys.path of the board
NO_MODULES = ("flash/boot.py", "flash/main.py")


def walk(client, board, mounts=("flash", "sd")):
    """({device path: content}, {directories}) of all that is not the client's own. Names that are no UTF-8 are read as
    Latin-1."""
    files, directories = {}, set()
    for mount in mounts:
        _walk(client, board.real(mount).encode(), mount, files, directories)
    return files, directories


def _walk(client, real, path, files, directories):
    for entry in list(os.ilistdir(real or b"/")):
        below = path + "/" + text(entry[0])
        if "/" not in path and (client.is_own(below) or below == CARD):
            continue
        if entry[1] & DIRECTORY:
            directories.add(below)
            _walk(client, real + b"/" + entry[0], below, files, directories)
        else:
            with open(real + b"/" + entry[0], "rb") as file:
                files[below] = file.read(entry[3])


def files_below(path):
    """The paths of all files below a directory, in order; none where it is not there."""
    try:
        entries = sorted(os.ilistdir(path))
    except OSError:
        return []
    found = []
    for entry in entries:
        below = path + "/" + entry[0]
        found += files_below(below) if entry[1] & DIRECTORY else [below]
    return found


def shown(path):
    return repr(path)[2:-1] if isinstance(path, bytes) else path


def text(name):
    try:
        return str(name, "utf-8")
    except UnicodeError:
        return "".join([chr(c) for c in name])


def parents(paths):
    """All directories that lead to these files."""
    found = set()
    for path in paths:
        at = path.find("/")
        while at > 0:
            found.add(path[:at])
            at = path.find("/", at + 1)
    return found


# Code page 437, which FatFs takes UTF-8 for: lower case to upper where both are in it.
UPPER = {0x81: 0x9A, 0x82: 0x90, 0x84: 0x8E, 0x86: 0x8F, 0x87: 0x80, 0x91: 0x92, 0x94: 0x99, 0xA4: 0xA5}
UPPER.update({0xE5: 0xE4, 0xED: 0xE8})


def fold(path):
    """The same for two paths that FAT takes for one."""
    return bytes([UPPER.get(c, c) for c in path.lower().encode()])


class Judge:
    def __init__(self, client, board, application):
        self._client = client
        self._board = board
        self._application = application
        self._folds = board.fat_mounts()
        self._known = {}  # what paths are folded to

    def _folded(self, path):
        folded = self._known.get(path)
        if folded is None:
            folded = fold(path) if path[: path.find("/")] in self._folds else path.encode()
            self._known[path] = folded
        return folded

    def clash(self, tree):
        """Whether two paths of a release are one on a mount that is FAT."""
        return len(set([self._folded(path) for path in tree])) < len(tree)

    def wrong(self, tree, image, ended, mounts=("flash", "sd")):
        """What is not as `tree` and the firmware `image` have it, or None. `ended`: no change is under way, so nothing
        of the client lies beside the files."""
        client = self._client
        found, directories = walk(client, self._board, mounts)
        own = self._application.files
        wanted = {path: data for path, data in tree.items() if path[: path.find("/")] in mounts}
        for path, data in own.items():
            if path[: path.find("/")] not in mounts:
                continue
            if path not in found:
                if data is not None:
                    return "own file %s is gone" % path
            elif data is not None and found[path] != data:
                return "own file %s has changed" % path
            found.pop(path, None)
        wanted = {self._folded(path): data for path, data in wanted.items()}
        there = {}
        for path, data in found.items():
            if not (client.is_beside(path) and not ended and self._folded(path) not in wanted):
                there[self._folded(path)] = data
        difference = self._difference(there, wanted)
        if difference:
            return difference
        wrong = self._directories(directories, tree, ended, mounts)
        if wrong:
            return wrong
        running = self._board.firmware.image()
        if running.data[: len(image)] != image:
            versions = image_version(running.data), image_version(image)
            if versions[0] == versions[1]:
                return "runs firmware %s, damaged" % versions[0]
            return "runs firmware %s instead of %s" % versions
        return self._imports(tree) if "flash" in mounts else None

    def _difference(self, there, wanted):
        for path in sorted(there):
            if path not in wanted:
                if b"\xc2\x9a" in path:
                    continue  # the name that a PC wrote
                return "has " + shown(path)
            if there[path] != wanted[path]:
                return "differs in " + shown(path)
        for path in sorted(wanted):
            if path not in there:
                return "lacks " + shown(path)
        return None

    def _directories(self, directories, tree, ended, mounts):
        own = [path for path in self._application.directories if path[: path.find("/")] in mounts]
        for path in own:
            if path not in directories:
                return "own directory %s is gone" % path
        if ended:
            keep = parents(list(tree) + own + list(self._application.files))
            keep |= set(own)
            keep = set([self._folded(path) for path in keep])
            for path in sorted(directories):
                if self._folded(path) not in keep:
                    return "has the empty directory " + path
        return None

    # Imports

    def _imports(self, tree):
        """Each module of the release and of the user's, imported: what it says of itself is what its file has."""
        files = dict(tree)
        files.update({path: data for path, data in self._application.files.items() if data and path[-3:] == ".py"})
        folders = parents(files)
        wrong = None
        for name in sorted(modules(files)):
            if self._is_clients(name):
                continue
            wanted = resolve(name, files, folders)
            try:
                __import__(name)
                module = sys.modules[name]
            except Exception as error:
                wrong = "import %s: %s %s" % (name, type(error).__name__, error)
                break
            mark = getattr(module, "WHO", None)
            if wanted is None:
                continue
            if mark is None or mark.encode() not in files[wanted]:
                wrong = "import %s is not %s" % (name, wanted)
                break
        self._board.forget_modules()
        self._board.prepare()
        return wrong

    def _is_clients(self, name):
        top = name.split(".")[0]
        return any([top == own or (own[-1] == "_" and top.startswith(own)) for own in self._client.modules]) or (
            top == "airwaybill_boot"
        )


def modules(tree):
    """{dotted name: path} of what can be imported."""
    found = {}
    for path in tree:
        root, _, name = path.rpartition("/")
        if path in NO_MODULES or not path.endswith((".py", ".mpy")):
            continue
        if path.startswith("flash/lib/"):
            below = path[len("flash/lib/") :]
        elif root == "flash":
            below = name
        else:
            continue
        dotted = below[: below.rfind(".")].replace("/", ".")
        if dotted.endswith(".__init__"):
            dotted = dotted[: -len(".__init__")]
        if dotted != "__init__":
            found[dotted] = path
    return found


def resolve(name, files, folders):
    """The file that MicroPython takes for a dotted name: in each place a directory first, then .py, then .mpy. None is
    a package without `__init__`."""
    parts = name.split(".")
    for root in ROOTS:
        first = root + "/" + parts[0]
        if first in folders or first + ".py" in files or first + ".mpy" in files:
            base = root + "/" + "/".join(parts)
            if base in folders:
                for extension in (".py", ".mpy"):
                    if base + "/__init__" + extension in files:
                        return base + "/__init__" + extension
                return None
            for extension in (".py", ".mpy"):
                if base + extension in files:
                    return base + extension
    return None
