"""One board of the fleet, its flash, card and firmware in files: micropython fleet_device.py ROOT ACTION …

`make RELEASE IMAGE VERSION PORT RECORD` delivers it with a release, and with its record unless that is empty.
`start CUT TORN` is one start, from the power to a reset or the application's end; the power goes at write number CUT,
with TORN in the middle of it. Prints how it ended, and what the application had to say. `look` prints what the board
holds, in hex.
"""

import binascii
import json
import os
import sys

sys.path.insert(0, __file__.rsplit("/", 1)[0] + "/model")

import boards
from boards import Restart
from clients import Second
from devices import Chip
from tree import read_tree, walk, write_tree

ROOT, ACTION = sys.argv[1:3]
NEVER = -1


class FileChip(Chip):
    """Each write is in the file before the next one is made."""

    until_cut = NEVER
    torn = False

    def __init__(self, log, name, block_size, blocks, erases):
        super().__init__(log, name, block_size, blocks, erases)
        self.file = open("%s/%s.img" % (ROOT, name), "w+b" if ACTION == "make" else "r+b")
        self.file.readinto(self.data)

    def write(self, start, data):
        FileChip.until_cut -= 1
        if FileChip.until_cut == 0:
            if FileChip.torn:
                self.keep(start, data[: len(data) // 2])
            os.system("kill -9 $PPID")  # of the shell: no `finally` gets to tidy up
        self.keep(start, data)
        return super().write(start, data)

    def keep(self, start, data):
        self.file.seek(start)
        self.file.write(data)


class Board(boards.Board):
    def _add(self, name, block_size, blocks, erases):
        self.chips[name] = FileChip(self.log, name, block_size, blocks, erases)

    def _modules(self):
        """Time is the machine's: a server answers."""
        modules = super()._modules()
        del modules["time"], modules["utime"]
        return modules

    def start_once(self):
        """From the power to where boot.py and main.py have run, or the board resets itself."""
        self.firmware.start()
        self._install()
        self.mount()
        self.prepare()
        run("/flash/boot.py")
        return run("/flash/main.py")


def tree_of(directory):
    tree = {}
    for mount in ("flash", "sd"):
        walk(directory + "/" + mount, mount, tree)
    return tree


def make(release, image, version, port, record):
    board.format()
    for chip in board.chips.values():
        chip.keep(0, chip.data)
    with open(image, "rb") as file:
        board.chips["ota_0"].write(0, file.read())
    tree = tree_of(release)
    tree["flash/config.py"] = b"PORT = %d\n" % int(port)
    tree["flash/waybill/version"] = ("%s\n%s\n" % (version, version)).encode()
    if record:
        with open(record, "rb") as file:
            tree["flash/waybill/files"] = file.read()
    board.mount_all()
    write_tree(tree)
    return None


def run(path):
    scope = {}
    with open(path) as file:
        exec(file.read(), scope)
    return scope


def start(cut, torn):
    FileChip.until_cut = int(cut)
    FileChip.torn = torn == "torn"
    try:
        return {"ended": "idle", "sent": board.start_once()["sent"]}
    except Restart:
        return {"ended": "reset"}
    except Exception as error:
        return {"ended": "raised", "error": repr(error)}


def look():
    board.firmware.start()
    board.mount_all()
    hexed = {path: binascii.hexlify(data) for path, data in read_tree().items()}
    image = binascii.hexlify(board.firmware.image().data)
    return {"files": hexed, "own": sorted(os.listdir("/flash/waybill")), "image": image}


board = Board("littlefs")
board.replaces = Second.replaces
print(json.dumps({"make": make, "start": start, "look": look}[ACTION](*sys.argv[3:])))
