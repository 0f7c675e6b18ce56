"""A model of what main.py does with the file systems, and of what a user has put there."""

import os
import random

from devices import put_name
from releases import module

FILES = ("flash/log.txt", "sd/log.txt", "flash/settings.json")
CONFIG = "flash/config.py"  # a module of the user's, which a directory of that name would hide
OWN = (
    "flash/data/table.bin.new",
    "flash/data/table.bin.bak",
    "flash/main.py.new",
    "flash/lib/beta.py.bak",
    "flash/lib/net/notes.txt",
    "sd/audio/mine.wav",
    "sd/asset.txt.new",
)
DIRECTORIES = ("flash/logs", "flash/deep/a/b", "flash/many", "sd/audio")
# Beside files of releases whose names begin alike, on file systems that are FAT: see releases.ALIKE.
SHORT = ("~NOTES.BAK", "T~LOG.BAK", "DATA~2024.CSV", "MEASURE~1.CSV", "TONE~12345.WAV")
PC_NAME = b"M\x9aLLER  TXT"  # Müller.txt
FILLS = (4096, 512, 1)  # bytes at once, in a file of its own


class Application:
    """`files` is what the device has of its own: content by device path, None where it may be anything. `directories`
    are those that it has made."""

    def __init__(self, board, features):
        self._board = board
        self._features = features
        self._open = []
        self.files = {}
        self.directories = set()

    def save(self):
        return dict(self.files), set(self.directories)

    def load(self, image):
        self.files, self.directories = dict(image[0]), set(image[1])
        self._open = []

    def card_is_back(self, saved):
        """With what was there when it was saved: the application has had another one meanwhile."""

        def together(now, then):
            return [path for path in now if path[:3] != "sd/"] + [path for path in then if path[:3] == "sd/"]

        files, directories = saved
        now = self.files
        self.files = {path: (files if path[:3] == "sd/" else now)[path] for path in together(now, files)}
        self.directories = set(together(self.directories, directories))

    def deliver(self):
        """What is there before the first start, on file systems that are not mounted yet, and then on mounted ones."""
        if "pc" in self._features and self._board.card == "FAT":
            put_name(self._board.chips["sd"], PC_NAME)
        yield
        for path in FILES:
            self._write(path, b"0")
        if "short" in self._features:
            for name in SHORT:
                for path in ("sd/" + name, "flash/data/" + name):
                    self._write(path, path.encode())
        if "own" in self._features:
            self._write(CONFIG, module("own", CONFIG, 20))
            self.work()

    def work(self):
        """Some writing between two starts."""
        self._write(random.choice(FILES), b"%d" % random.getrandbits(20))
        if "own" in self._features:
            for path in OWN:
                if random.random() < 0.3 and path not in self.files and self._is_there(path[: path.rfind("/")]):
                    self._write(path, b"own %d" % random.getrandbits(20))
            path = random.choice(DIRECTORIES)
            if path not in self.directories and self._is_there(path[: path.rfind("/")]):
                try:
                    os.mkdir(self._board.real(path))
                except OSError:
                    return
                self.directories.add(path)

    def hold(self):
        """Files that are open while an update goes on."""
        for path, mode in (("flash/log.txt", "rb"), ("flash/data/table.bin", "rb"), ("flash/held.txt", "wb")):
            try:
                self._open.append(open(self._board.real(path), mode))
            except OSError:
                pass
        self.files["flash/held.txt"] = None

    def drop(self):
        for file in self._open:
            try:
                file.close()
            except OSError:
                pass
        self._open = []

    def fill(self, leave=0):
        """Each mount to the last byte, but for some room on one of them."""
        mounts = ["flash", "sd"]
        if leave:
            mounts = [random.choice(mounts)]
            room = mounts[0] + "/fill0"
            self._write(room, bytes(leave))
        self.may_fill()
        for mount in mounts:
            for size in FILLS:
                path = "%s/fill%d" % (mount, size)
                try:
                    with open(self._board.real(path), "ab") as file:
                        while True:
                            file.write(b"x" * size)
                            file.flush()
                except OSError:
                    pass
        if leave:
            os.remove(self._board.real(room))
            self.files[room] = None

    def may_fill(self):
        """`fill` may come in the middle of what goes on."""
        for mount in ("flash", "sd"):
            for size in FILLS:
                self.files["%s/fill%d" % (mount, size)] = None

    def room(self, mount):
        """How many bytes there are, by filling it."""
        free = 0
        try:
            with open(("" if mount == "/" else mount) + "/room", "wb") as file:
                while True:
                    file.write(bytes(4096))
                    file.flush()
                    free += 4096
        except OSError:
            return free

    def empty(self):
        """Takes back what `fill` wrote."""
        for path in list(self.files):
            if path[path.find("/") + 1 :].startswith("fill"):
                try:
                    os.remove(self._board.real(path))
                except OSError:
                    pass

    def _is_there(self, directory):
        try:
            return bool(os.stat(self._board.real(directory))[0] & 0x4000)
        except OSError:
            return False

    def _write(self, path, data):
        self.files[path] = None
        try:
            with open(self._board.real(path), "wb") as file:
                file.write(data)
        except OSError:
            return
        self.files[path] = data
