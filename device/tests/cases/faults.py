"""What fails: a read, a write, a byte of the journal."""

import json
import os

from boards import POWER, RESET, Board, Module
from clients import sha256
from device import TRIAL_STARTS, Device, cuts, spread, tally, whole

FILES = ("flash/lib/foo.py", "flash/data.txt", "sd/a.txt", "sd/b.txt")
NEXT = ("flash/lib/foo/__init__.py", "flash/data.txt", "flash/new/c.txt", "sd/b.txt", "sd/c.txt")
LOOKS = 16
TRIES = 3  # of what fails, within a start


def case_11(client, kind):
    """One read fails in the download, in placing, and in the way back."""
    device = Device(client, kind, FILES)
    device.offer("1.0.1", NEXT)
    found = []
    for action in (lambda: device.update(reset=False), device.start, device.wait_out_the_trial):
        image = device.board.save()
        device.board.log.disarm()
        device.board.reports = True
        action()
        device.board.reports = False
        done = device.board.save()
        wrong = []
        for number in spread(device.board.log.reads.count, LOOKS):
            device.board.load(image)
            device.board.reports = True
            device.remount()
            device.board.log.arm("read", number, 1)
            action()
            device.board.log.disarm()
            device.board.reports = False
            device.start()
            wrong.append(whole(device, number))
        found.append([len(wrong), tally(wrong)])
        device.board.load(done)
        device.remount()
    return found + [device.is_on(True)]


def case_50(client, kind):
    """One read fails in a start of the trial, most often where a part of the recovery is loaded: its plan stays."""
    device = Device(client, kind, FILES)
    device.offer("1.0.1", NEXT)
    device.update()
    lost = []
    for number in failing(device, "read", 1, device.start):
        device.board.mount_all()
        lost.append(None if "plan" in os.listdir("/flash/waybill") else number)
    return [len(lost) > LOOKS, tally(lost)]


def failing(device, kind, times, action):
    """Stands after `action()` with one of its reads or writes failing, and those after it, so many `times`: each."""
    board = device.board
    image = board.save()
    board.log.disarm()
    action()
    for number in range(board.log.of(kind).count):
        board.load(image)
        device.remount()
        board.log.arm(kind, number, times)
        action()
        board.log.disarm()
        yield number


NEVER = 1 << 29


class Reading(Board):
    """A read fails in the first call of os.`function` whose last path has `where` in it: the read number `fails`."""

    def __init__(self, kind, function, where, card="FAT"):
        super().__init__(kind, "rp2040", card=card)
        self.function = function
        self.where = where
        self.fails = None
        self.reads = 0  # in that call

    def _modules(self):
        modules = super()._modules()
        names = {name: getattr(os, name) for name in dir(os) if name[0] != "_"}
        names[self.function] = self._call
        modules["os"] = Module(**names)
        return modules

    def _call(self, *paths):
        function = getattr(os, self.function)
        if self.fails is None or self.where not in paths[-1]:
            return function(*paths)
        self.log.arm("read", self.fails, 1)
        self.fails = None
        try:
            function(*paths)
        finally:
            self.reads = self.log.reads.count
            self.log.disarm()

    def each(self, action):
        """Stands after `action()` with each of these reads failing."""
        image = self.save()
        self.fails = NEVER
        action()
        for number in range(self.reads):
            self.load(image)
            self.mount_all()
            self.fails = number
            action()
            yield number


def case_43(client, kind):
    """A read fails in the middle of a rename, before other files are put in place."""
    device = Device(client, kind, FILES, board=Reading(kind, "rename", "/data.txt"))
    device.offer("1.0.1", NEXT)
    device.update(reset=False)
    wrong = []
    for _ in device.board.each(device.start):
        is_on = device.is_on()
        wrong.append(None if is_on == "1.0.1" else is_on)
    return [len(wrong) > LOOKS, tally(wrong)]


FEW = 8  # writes that a new file takes


def case_53(client, kind):
    """A read fails while a directory is removed: one that goes with its release, on the way there and on the way back,
    and one of the client's own. littlefs is not to keep what it then takes for a move."""
    found = []
    for where in ("/old", "/new", "/flash/waybill/"):
        device = Device(client, kind, FILES, board=Reading(kind, "rmdir", where))
        device.offer("1.0.1", NEXT + ("flash/old/a.txt",))
        device.update()
        device.confirm()
        device.offer("1.0.2", FILES + ("flash/new/d/e.txt",))
        device.update(reset=where != "/old")
        wrong = []
        for number in device.board.each(device.start if where == "/old" else device.wait_out_the_trial):
            is_on = device.is_on(where != "/old")
            writes = len(device.board.record(lambda device=device: device.write({"flash/note.txt": b"1"})))
            is_right = is_on == ("1.0.2" if where == "/old" else "1.0.1") and writes < FEW
            wrong.append(None if is_right else "%s %d: %s, %d writes" % (where, number, is_on, writes))
        found += [len(wrong) > LOOKS, tally(wrong)]
    return found


def case_55(client, kind):
    """A write fails in the way back, of files or of what the boot loader goes by: in the end the old firmware stays."""
    device = Device(client, kind, FILES, board=Board(kind, "esp32"))
    device.offer("1.0.1", NEXT, firmware="1.0.1")
    device.update()
    wrong = []
    for number in failing(device, "write", TRIES, device.wait_out_the_trial):
        device.start(RESET, TRIAL_STARTS)
        is_on = device.is_on(True)
        wrong.append(None if is_on == "1.0.0" else "%d: %s" % (number, is_on))
    return [len(wrong) > LOOKS, tally(wrong)]


def case_22(client, kind):
    """One byte of a journal is damaged where the power goes in an installation."""
    device = Device(client, kind, FILES)
    device.offer("1.0.1", NEXT)
    device.update(reset=False)
    wrong = []
    then = []
    for number in cuts(device, device.start, LOOKS):
        image = device.board.save()
        for path in client.journals():
            device.board.load(image)
            device.board.mount_all()
            if not damage("/" + path.lstrip("/")):
                continue
            device.start()
            wrong.append(whole(device, number))
            device.update(retry=True)
            device.confirm()
            device.start()
            is_on = device.is_on(True)
            then.append(None if is_on == "1.0.1" else is_on)
    return [len(wrong) > LOOKS, tally(wrong), tally(then)]


def case_68(client, kind):
    """A read fails in verify(), and in sleeps(): what comes out has a code."""
    device = Device(client, kind, FILES)
    device.offer("1.0.1", NEXT)
    device.update()
    said = []

    def both():
        said.append(device.said(lambda: device.ota().verify() and None))
        said.append(device.said(client.sleeps))

    image = device.board.save()
    device.board.reports = True
    device.remount()
    device.board.log.disarm()
    both()
    points = spread(device.board.log.reads.count, LOOKS)
    for number in points:
        device.board.load(image)
        device.remount()
        device.board.log.arm("read", number, 1)
        both()
        device.board.log.disarm()
    return [len(points), sorted(set([code or "done" for code in said]))]


def case_65(client, kind):
    """The journal is whole, and of another format."""
    device = Device(client, kind, FILES, board=Board(kind, "esp32"))
    device.offer("1.0.1", NEXT)
    device.update()
    for path in client.journals():
        with open("/" + path) as file:
            record = json.loads(file.readline())
        record["format"] = 2
        text = json.dumps(record)
        with open("/" + path, "w") as file:
            file.write("%s\n%s\n" % (text, sha256(text)))
    device.start(POWER, TRIAL_STARTS + 1)
    status = client.status()
    return [status["version"], status["error"], device.update(), device.confirm(), device.is_on(True)]


def damage(path):
    """Whether there was a byte to change."""
    try:
        with open(path, "r+b") as file:
            data = bytearray(file.read())
            if data:
                data[len(data) // 2] ^= 1
                file.seek(0)
                file.write(data)
            return bool(data)
    except OSError:
        return False
