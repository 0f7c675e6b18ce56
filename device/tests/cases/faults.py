"""What fails: a read, a byte of the journal, a card that is gone."""

import os

from boards import POWER, RESET, Board, Module
from device import TRIAL_STARTS, Device, cuts, spread, tally, whole
from devices import EIO

FILES = ("flash/lib/foo.py", "flash/data.txt", "sd/a.txt", "sd/b.txt")
NEXT = ("flash/lib/foo/__init__.py", "flash/data.txt", "flash/new/c.txt", "sd/b.txt", "sd/c.txt")
LOOKS = 16
TRIES = 3  # of what fails, within a start
CARD_FILES = 34 * 512  # where what is in files and directories begins, on a card of the model


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


def case_47(client, kind):
    """The power goes while files are put in place, those of the second littlefs among them."""
    device = Device(client, kind, FILES, board=Board(kind, "rp2040", card="littlefs"))
    device.offer("1.0.1", ["flash/data.txt"] + ["sd/%d.txt" % number for number in range(6)])
    device.update(reset=False)
    wrong = []
    for _ in cuts(device, device.start, 999):
        device.start()
        is_on = device.is_on()
        wrong.append(None if is_on == "1.0.1" else is_on)
    return [len(wrong) > LOOKS, tally(wrong)]


def case_19(client, kind):
    """The card is taken out in the trial, and comes back after one more update."""
    device = Device(client, kind, FILES, board=Board(kind, "esp32"))
    device.offer("1.0.1", NEXT, firmware="1.0.1")
    device.update()
    device.board.chips["sd"].out = True
    device.start(POWER, 4)
    found = [device.is_on(False, ("flash",))]
    device.offer("1.0.2", ("flash/data.txt",) + FILES[2:])
    device.releases["1.0.2"].tree["sd/a.txt"] = device.releases["1.0.0"].tree["sd/a.txt"]
    device.releases["1.0.2"].tree["sd/b.txt"] = device.releases["1.0.0"].tree["sd/b.txt"]
    found += [device.update(), device.confirm(), device.is_on(False, ("flash",))]
    device.board.chips["sd"].out = False
    device.start(POWER, 2)
    return found + [device.is_on(True)]


def case_41(client, kind):
    """The card is there, and fails wherever a file's content is, or the list of a directory of its own."""
    device = Device(client, kind, FILES, board=Board(kind, "esp32"))
    device.offer("1.0.1", NEXT, firmware="1.0.1")
    device.update()
    chip = device.board.chips["sd"]
    works = chip.read, chip.write
    chip.read = lambda start, buffer: -EIO if start >= CARD_FILES else works[0](start, buffer)
    chip.write = lambda start, data: -EIO
    device.start(POWER, 4)
    found = [device.is_on(False, ("flash",)), client.status()["error"]]
    device.offer("1.0.2", NEXT)
    found.append(device.update())
    device.offer("1.0.3", ("flash/data.txt",) + FILES[2:])
    for path in FILES[2:]:
        device.releases["1.0.3"].tree[path] = device.releases["1.0.0"].tree[path]
    found += [device.update(), device.confirm(), device.is_on(False, ("flash",))]
    chip.read, chip.write = works
    device.start(POWER, 2)
    return found + [device.is_on(True)]


def case_48(client, kind):
    """The card comes back with nothing on it that would have to go back, and the client's own directory fails."""
    files = dict([(path, b"same") for path in FILES[1:]])
    device = Device(client, kind, files)
    device.offer("1.0.1", dict(list(files.items()) + [("sd/new.txt", b"new")]))
    device.update()
    os.remove("/sd/new.txt")
    chip = device.board.chips["sd"]
    chip.out = True
    device.board.mount_all()
    device.start(POWER, 4)
    chip.out = False
    chip.die(0, CARD_FILES)
    device.start()
    device.offer("1.0.2", files)
    return [client.status()["error"], device.update(), device.confirm(), device.is_on(False, ("flash",))]


def case_57(client, kind):
    """The card is back at the start after the cut."""
    device = Device(client, kind, FILES)
    device.offer("1.0.1", NEXT)
    device.update()
    chip = device.board.chips["sd"]
    chip.out = True
    wrong = []
    for _ in cuts(device, lambda: device.start(POWER, 4), 2 * LOOKS):
        chip.out = False
        device.start(POWER, 5)
        is_on = device.is_on(True)
        wrong.append(None if is_on == "1.0.0" else is_on)
        chip.out = True
    return [len(wrong) > LOOKS, tally(wrong)]


def case_58(client, kind):
    """A read fails while a directory is removed on a second littlefs that was away in the way back, and is there again:
    one of the release, and one of the client's own."""
    found = []
    for where in ("/sd/new", "/sd/waybill/"):
        device = Device(client, kind, FILES, board=Reading(kind, "rmdir", where, "littlefs"))
        device.offer("1.0.1", FILES + ("sd/new/d/e.txt",))
        device.update()
        chip = device.board.chips["sd"]
        chip.out = True
        device.start(POWER, 4)
        chip.out = False
        wrong = []
        for number in device.board.each(device.start):
            writes = len(device.board.record(lambda device=device: device.put("sd/note.txt", b"1")))
            device.start(POWER, 2)
            is_on = device.is_on(True)
            wrong.append(None if is_on == "1.0.0" and writes < FEW else "%d: %s, %d writes" % (number, is_on, writes))
        found += [len(wrong) > LOOKS, tally(wrong)]
    return found


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
