"""What the proofs share that cut the power at each write: a board on a release, and what is counted. MicroPython runs
them, on the boards of model/."""

import hashlib
import random
import sys

import boards
from boards import Board
from clients import Link, Second, transport
from releases import Release, Server
from tree import walk, write_tree

boards.SIMULATOR += ("proof",)
BOOT = b"""import os
from machine import SD
os.mount(SD(), "/sd")
from OTA import OTA
OTA.boot()
"""
IMAGE_BYTES = 5000
BLOCKS = 240  # of littlefs: the client twice, and some room
COLLECTED = 16  # a garbage collection each so many cuts


def noise(seed, size):
    random.seed(seed)
    return bytes(random.getrandbits(8) for _ in range(size))


def files_in(directory):
    """The client's files in a directory, as a release has them."""
    tree = {}
    walk(directory, "flash/lib", tree)
    return tree


class Proof:
    """`trees` has the releases by version, the first of which is on the device; `own` what no release has, `firmware`
    the version of a release's image where it is another than its own."""

    def __init__(self, kind, trees, own, firmware, board="esp32", boot_py=False):
        self.kind = kind
        self.trees = trees
        self.own = own
        self.boot_py = boot_py
        self.counts = {"cuts": 0, "old": 0, "new": 0, "bad": 0}
        self.states = set()
        self.board = Board(kind, board, BLOCKS if kind == "littlefs" else None)
        self.board.replaces = Second.replaces
        self.board.collects = False
        self.server = Server()
        self.server.IMAGE = IMAGE_BYTES
        self.releases = {}
        for version in trees:
            release = Release(version, trees[version], firmware.get(version, version), 6, True)
            self.releases[version] = release
            self.server.add(release)

    def ota(self):
        return transport(__import__("OTA"), self.server, Link(), True)(boot_py=self.boot_py)

    def update(self, target):
        self.server.target = self.releases[target]
        self.board.run(lambda: self.ota().update())

    def fresh(self):
        """A board with the first release, confirmed."""
        version = min(self.trees)
        self.board.format()
        image = self.server.image(self.releases[version])
        self.board.chips["ota_0"].data[: len(image)] = image
        self.board.mount_all()
        write_tree(self.trees[version])
        write_tree(self.own)
        write_tree({"flash/waybill/version": ("%s\n%s\n" % (version, version)).encode()})

    def cuts(self, image, writes, torn, only=None):
        """The board as each cut of these leaves it, or each of `only`: before a write or, if `torn`, in the middle of
        it. Gives the number of the write."""
        contents = {name: bytearray(data) for name, data in image[0].items()}
        for number, write in enumerate(writes):
            if (not torn or len(write[2]) > 1) and (only is None or number in only):
                if number % COLLECTED == 0:
                    self.board.collect()
                self.board.cut((contents, image[1]), [write], 0, torn)
                yield number
            name, start, data = write
            contents[name][start : start + len(data)] = data

    def note_state(self):
        """What lasts on the board is a state that has been started from."""
        digest = hashlib.sha1()
        for name in sorted(self.board.chips):
            digest.update(self.board.chips[name].data)
        self.states.add(digest.digest()[:8])

    def count(self, label, wrong, version):
        self.counts["cuts"] += 1
        if wrong:
            self.counts["bad"] += 1
            print("bad: %s: %s" % (label, wrong), file=sys.stderr)
        else:
            self.counts["old" if version == "1.0.0" else "new"] += 1

    def firmware_differs(self, version):
        """Whether another image runs than that of the release."""
        image = self.server.image(self.releases[version])
        return bytes(self.board.firmware.image().data[: len(image)]) != image
