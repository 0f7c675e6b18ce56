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

sys.path.insert(0, __file__.rsplit("/", 1)[0])

import sim

ROOT, ACTION = sys.argv[1:3]
NEVER = -1


class Kept(sim.Device):
    """Each write is in the file before the next one is made."""

    until_cut = NEVER
    torn = False

    def __init__(self, name, block_size, blocks, erases):
        super().__init__(None, name, block_size, blocks, erases)
        self.file = open("%s/%s.img" % (ROOT, name), "w+b" if ACTION == "make" else "r+b")
        self.file.readinto(self.data)

    def _put(self, start, data):
        Kept.until_cut -= 1
        if Kept.until_cut == 0:
            if Kept.torn:
                self.keep(start, data[: len(data) // 2])
            os.system("kill -9 $PPID")  # of the shell: no `finally` gets to tidy up
        self.keep(start, data)
        super()._put(start, data)

    def keep(self, start, data):
        self.file.seek(start)
        self.file.write(data)


class Board(sim.Board):
    def _add(self, name, block_size, blocks, erases):
        self.devices[name] = Kept(name, block_size, blocks, erases)

    def mount_all(self):
        self.mount()
        os.mount(self.devices["sd"], "/sd")


def tree_of(directory):
    tree = {}
    for mount in ("flash", "sd"):
        sim.walk(directory + "/" + mount, mount, tree)
    return tree


def make(release, image, version, port, record):
    board.format()
    for device in board.devices.values():
        device.keep(0, device.data)
    with open(image, "rb") as file:
        board.devices["ota_0"].writeblocks(0, file.read())
    tree = tree_of(release)
    tree["flash/config.py"] = b"PORT = %d\n" % int(port)
    tree["flash/waybill/version"] = ("%s\n%s\n" % (version, version)).encode()
    if record:
        with open(record, "rb") as file:
            tree["flash/waybill/files"] = file.read()
    board.mount_all()
    sim.write_tree(tree)
    return None


def run(path):
    scope = {}
    with open(path) as file:
        exec(file.read(), scope)
    return scope


def start(cut, torn):
    sim.install_fakes()
    Kept.until_cut = int(cut)
    Kept.torn = torn == "torn"
    board.mount()
    sim.preload()
    try:
        run("/flash/boot.py")
        return {"ended": "idle", "sent": run("/flash/main.py")["sent"]}
    except sim.Restart:
        return {"ended": "reset"}
    except Exception as error:
        return {"ended": "raised", "error": repr(error)}


def look():
    board.mount_all()
    hexed = {path: binascii.hexlify(data) for path, data in sim.read_tree().items()}
    image = binascii.hexlify(board.devices["ota_%d" % board.running].data)
    return {"files": hexed, "own": sorted(os.listdir("/flash/waybill")), "image": image}


board = sim.board = Board("littlefs")
print(json.dumps({"make": make, "start": start, "look": look}[ACTION](*sys.argv[3:])))
