"""Devices with little room, and a flash that is to be written seldom."""

import os
import random

from boards import POWER, WATCHDOG, Board, Restart
from clients import Contact
from witness import FEED_MS
from device import TRIAL_STARTS, Counting, Device, cuts, tally

LOOKS = 6
FILES = {"flash/lib/foo.py": None, "flash/data.bin": 9000, "sd/a.bin": 9000, "sd/b.bin": 5000}
NEXT = {"flash/lib/foo.py": None, "flash/data.bin": 5000, "flash/new.bin": 5000, "sd/b.bin": 10}
BLOCK = 4096
CALL, CALLS = 6000, 12  # bytes that come in one; and how many calls


def fill(device, mount, leave=0):
    """An application takes all the room there is, but for `leave` bytes."""
    room = "/%s/room" % mount
    if leave:
        with open(room, "wb") as file:
            file.write(bytes(leave))
    for size in (BLOCK, 512, 1):
        path = "%s/fill%d" % (mount, size)
        device.own.files[path] = None
        try:
            with open("/" + path, "ab") as file:
                while True:
                    file.write(b"x" * size)
                    file.flush()
        except OSError:
            pass
    if leave:
        os.remove(room)


def free(mount):
    """Bytes that can be written."""
    path = "/%s/room" % mount
    count = 0
    try:
        with open(path, "wb") as file:
            while True:
                file.write(bytes(BLOCK))
                file.flush()
                count += BLOCK
    except OSError:
        os.remove(path)
    return count


def case_9(client, kind):
    """The power goes while the next start is counted, and the application takes all room again."""
    # A journal is in a block of its own on an ESP32, which programs 32 bytes at once.
    device = Device(client, kind, FILES, board=Board(kind, "rp2040", progsize=32))
    device.offer("1.0.1", NEXT)
    device.update()
    wrong = []
    for _ in range(4):
        fill(device, "flash")
        image, own = device.board.save(), dict(device.own.files)
        for _ in cuts(device, device.start, LOOKS):
            for _ in range(4):
                device.start()
                fill(device, "flash")
            device.start()
            is_on = device.is_on(True)
            wrong.append(None if is_on == "1.0.0" else is_on)
        device.board.load(image)
        device.own.files = own
        device.start()
    return [len(wrong) > LOOKS, device.is_on(True), tally(wrong)]


def case_44(client, kind):
    """The power goes while a start is counted. What that writes over needs no room, and so the trial goes on."""
    device = Device(client, kind, FILES, board=Board(kind, "rp2040", progsize=32))
    device.offer("1.0.1", NEXT)
    device.update()
    fill(device, "flash")
    wrong = []
    for _ in cuts(device, device.start, LOOKS, True):
        device.start()
        said = "%s, %s" % (device.is_on(), device.state())
        wrong.append(None if said == "1.0.1, trial" else said)
    return [len(wrong) > 1, tally(wrong)]


def case_10(client, kind):
    """The release deletes a file of the card and makes one shorter; the application takes their room."""
    device = Device(client, kind, FILES)
    device.offer("1.0.1", NEXT)
    found = [device.update()]
    for _ in range(4):
        fill(device, "sd")
        device.start()
    return found + [device.is_on(True)]


def case_27(client, kind):
    """The file system counts directories twice: it says 45 blocks where 125 are free."""
    names = dict([("flash/d%d/f.txt" % number, b"old") for number in range(40)])
    device = Device(client, kind, names, board=Board(kind, "rp2040", 512))
    device.put("flash/fill.bin", bytes(free("flash") - 125 * BLOCK))
    said = os.statvfs("/flash")[3]
    names["flash/large.bin"] = 80 * BLOCK
    device.offer("1.0.1", names)
    return [said < 60, device.update(), device.is_on(), device.confirm(), device.is_on(True)]


def case_28(client, kind):
    """As before, and it says less than none: the update needs more than there is."""
    names = ["flash/d%d/f.txt" % number for number in range(60)]
    names += ["flash/f%d.bin" % number for number in range(17)]
    device = Device(client, kind, names, board=Board(kind, "rp2040", 512))
    device.put("flash/fill.bin", bytes(free("flash") - 33 * BLOCK))
    said = os.statvfs("/flash")[3]
    device.offer("1.0.1", dict([(name, 8000 if name[-3:] == "bin" else 40) for name in names]))
    found = [not 0 <= said < 512, device.update()]
    device.start()
    return found + [device.is_on(True)]


def case_36(client, kind):
    """20 small files in 20 new directories, with more and more room: all of it or nothing."""
    device = Device(client, kind, {}, board=Board(kind, "rp2040", 224))
    device.offer("1.0.1", dict([("flash/d%d/f.txt" % number, 600) for number in range(20)]))
    image = device.board.save()
    own = dict(device.own.files)
    said = {}
    for blocks in range(44, 140, 16):
        device.board.load(image)
        device.own.files = dict(own)
        device.remount()
        fill(device, "flash", blocks * BLOCK)
        link = Counting()
        code = device.update(link)
        manifest = len(device.server.get("manifest.json?current_ver=1.0.0"))
        came = "all" if code is None else link.came - manifest
        said.setdefault("%s, %s, %s" % (code, came, device.is_on()), []).append(blocks)
    return sorted(said)


# What an update takes of room beside its files: by name, the files of the old release, and of the new one.
SHAPES = {
    "new directories": ({}, ["flash/new%d/a/b.txt" % number for number in range(6)]),
    "long names": ({}, ["flash/lib/%s%d.txt" % ("n" * 60, number) for number in range(40)]),
    "small files that grow": [dict([("flash/lib/f%d" % number, size) for number in range(30)]) for size in (90, 5000)],
    "large files that get small": [dict([("flash/f%d" % number, size) for number in range(9)]) for size in (9000, 120)],
    "a large file": ({"flash/large.bin": 100000}, {"flash/large.bin": 110000}),
}


def case_42(client, kind):
    """Just enough room, on a file system that does not say how much there is: what was room enough before the journal
    is enough until the trial ends."""
    found = set()
    for old, new in SHAPES.values():
        names = ["flash/d%d/f.txt" % number for number in range(60)]
        # There every record has a block of its own.
        board = Board(kind, "rp2040", 420, progsize=32)
        device = Device(client, kind, add(names, old), board=board)
        device.offer("1.0.1", add(names, new))
        image = board.save()
        least, most = 0, 128
        while most - least > 1:
            blocks = (least + most) // 2
            board.load(image)
            device.own.files = {}
            device.remount()
            fill(device, "flash", blocks * BLOCK)
            code = device.update()
            for _ in range(0 if code else TRIAL_STARTS + 1):
                fill(device, "flash")
                device.start()
            found.add("%s, %s, %s" % (code, device.is_on(True), client.status()["error"]))
            least, most = (blocks, most) if code else (least, blocks)
    return sorted(found)


def case_52(client, kind):
    """An image, of which a note says how much has come."""
    device = Device(client, kind, FILES, board=Board(kind, "esp32"))
    device.offer("1.0.1", NEXT, firmware="1.0.1")
    return stays_enough(device)


def case_54(client, kind):
    """A large file, from a server that does not say how large before it comes."""
    device = Device(client, kind, FILES)
    device.server.sizes = False
    device.offer("1.0.1", {"flash/large.bin": 10 * CALL})
    return stays_enough(device)


def case_56(client, kind):
    """A patch that is as large as its file."""
    device = Device(client, kind, FILES)
    device.server.patches = True
    random.seed(5)
    device.offer("1.0.1", {"flash/large.bin": bytes([random.getrandbits(8) for _ in range(10 * CALL)])})
    return stays_enough(device, "1.0.1/flash/large.bin")


def case_59(client, kind):
    """A directory becomes a file, and a file a directory; the link dies when the list is done. What is counted as free
    then is free."""
    device = Device(client, kind, FILES | {"flash/b/one.txt": None, "flash/b/two.txt": None, "flash/c": None})
    device.offer("1.0.1", FILES | {"flash/b": None, "flash/c/one.txt": None})
    device.board.collects = False
    device.remount()
    code = device.update(Contact(1))
    counted = os.statvfs("/flash")[3]
    device.remount()
    return [code, os.statvfs("/flash")[3] - counted]


class Asking(Contact):
    """`asked` has what is asked for."""

    def __init__(self, whole=None):
        super().__init__(whole)
        self.asked = []

    def open(self, request):
        super().open(request)
        self.asked.append(request)


def stays_enough(device, but=None):
    """Just enough room for an update in one call, without the request `but`: it is enough for as many calls as it takes
    when the link dies in each, without that request too."""
    image = device.board.save()
    least, most = 0, 128
    while most - least > 1:
        blocks = (least + most) // 2
        device.board.load(image)
        device.own.files = {}
        device.remount()
        fill(device, "flash", blocks * BLOCK)
        link = Asking()
        is_enough = device.update(link) != "space" and but not in link.asked
        least, most = (least, blocks) if is_enough else (blocks, most)
    device.board.load(image)
    device.remount()
    fill(device, "flash", most * BLOCK)
    codes, asked = [], []
    while len(codes) < CALLS and None not in codes:
        link = Asking(CALL)
        codes.append(device.update(link))
        asked += link.asked
    return [len(codes) > 2, sorted(set(codes[:-1])), codes[-1], device.is_on(), but in asked]


def add(names, files):
    """The content by device path, of the same for `names` in each release."""
    tree = dict([(name, b"same") for name in names])
    tree.update(files if isinstance(files, dict) else dict([(name, 40) for name in files]))
    return tree


def case_45(client, kind):
    """Many files, in many directories, and one far down: the longest that a watchdog waits, by all that is written."""
    board = Board(kind, "rp2040", 1500)
    device = Device(client, kind, {}, board=board)
    files = dict([("flash/d%d/f%d.txt" % (number % 30, number), 600) for number in range(240)])
    files["flash" + "/deep" * 40 + "/f.txt"] = 40
    device.offer("1.0.1", files)
    board.watchdog.take()
    said = [device.said(lambda: device.ota(feed=board.watchdog.feed).update()), client.confirm(), device.is_on(True)]
    return said + [board.watchdog.take() <= FEED_MS]


BITES = 250000  # bytes written without a feed
BOOT = """import os
from machine import SD
def mount():
    os.mount(SD(), "/sd")
from OTA import OTA
import machine
OTA.boot(mount=mount, feed=machine.WDT().feed)
"""


class Watched(Board):
    """With a watchdog that counts what is written."""

    def __init__(self, kind):
        super().__init__(kind, "rp2040")
        self.fed = 0
        self.bites = 0
        self.awake = False
        for chip in self.chips.values():
            chip.write = self._watch(chip.write)

    def _watch(self, write):
        def watched(start, data):
            self.fed += len(data)
            if self.awake and self.fed > BITES:
                self.fed = 0
                self.bites += 1
                raise Restart(WATCHDOG)
            return write(start, data)

        return watched

    def feed(self):
        self.fed = 0

    def _modules(self):
        modules = super()._modules()
        modules["machine"].WDT = lambda timeout=0: self
        return modules


def case_38(client, kind):
    if not client.bare:  # the first edition's boot() knows no watchdog
        client.boot_py = lambda: BOOT
    device = Device(client, kind, {}, board=Watched(kind))
    device.offer("1.0.1", {"flash/sound.bin": 300000})
    device.board.awake = True
    said = device.said(lambda: device.ota(feed=device.board.feed).update())
    found = [said, device.is_on(), device.confirm()]
    device.start(POWER)
    return found + [device.is_on(True), device.board.bites]


def case_39(client, kind):
    """A poll that finds nothing writes nothing."""
    device = Device(client, kind, FILES)
    device.update()
    for chip in device.board.chips.values():
        chip.bytes_written = 0
    said = device.update()
    return [said, sum([chip.bytes_written for chip in device.board.chips.values()])]
