"""A card that is out, that fails, or that is another one; and littlefs in place of the card."""

import os

from boards import POWER, Board
from device import Device, cuts, tally
from devices import EIO, format_fat
from faults import FEW, FILES, LOOKS, NEXT, Reading, damage
from rooms import fill

CARD_FILES = 34 * 512  # where what is in files and directories begins, on a card of the model


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
    """The card is back at the start after the cut: that start ends on one release, on flash and card."""
    device = Device(client, kind, FILES)
    device.offer("1.0.1", NEXT)
    device.update()
    chip = device.board.chips["sd"]
    chip.out = True
    wrong = []
    for _ in cuts(device, lambda: device.start(POWER, 4), 2 * LOOKS):
        chip.out = False
        device.start(POWER)
        is_on = device.is_on()
        wrong.append(None if is_on in ("1.0.0", "1.0.1") else is_on)
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


def case_60(client, kind):
    """As 58, but the card is put in while the application runs, and the read fails in update()."""
    device = Device(client, kind, FILES, board=Reading(kind, "rmdir", "/sd/new", "littlefs"))
    device.offer("1.0.1", FILES + ("sd/new/d/e.txt",))
    device.update()
    device.board.chips["sd"].out = True
    device.start(POWER, 4)
    device.board.chips["sd"].out = False
    device.board.mount_all()
    wrong = []
    codes = set()
    for number in device.board.each(lambda: codes.add(device.update())):
        if device.detail:
            device.start()  # as README says
        writes = len(device.board.record(lambda: device.put("sd/note.txt", b"1")))
        device.start(POWER, 2)
        is_on = device.is_on(True)
        wrong.append(None if is_on == "1.0.0" and writes < FEW else "%d: %s, %d writes" % (number, is_on, writes))
    return [len(wrong) > LOOKS, tally(wrong), sorted(codes, key=str)]


def case_61(client, kind):
    """An application fills the card in the trial, the card is out in the way back, and is then put in."""
    found = []
    for card in ("FAT", "littlefs"):
        device = Device(client, kind, {"sd/a.bin": 20000}, board=Board(kind, "rp2040", card=card))
        device.offer("1.0.1", {"sd/a.bin": 10})
        device.update()
        fill(device, "sd")
        device.start()
        device.board.chips["sd"].out = True
        device.start(POWER, 4)
        device.board.chips["sd"].out = False
        device.start()
        found.append(device.is_on(True))
    return found


def case_63(client, kind):
    """What says what is left to do on a card is damaged: the device does not take itself for whole."""
    device = Device(client, kind, FILES)
    device.offer("1.0.1", NEXT)
    device.update()
    device.board.chips["sd"].out = True
    device.start(POWER, 4)
    device.board.chips["sd"].out = False
    damage("/flash/waybill/left")
    device.start(POWER, 2)
    status = client.status()
    # What no record has any more does not go.
    device.offer("1.0.2", FILES + ("sd/c.txt",))
    return [status["version"], status["error"], device.update(), device.confirm(), device.is_on(True)]


def case_64(client, kind):
    """Another device's card, with a file of the same name, is in when the way back has to go on: it stays as it is, and
    the device's own card gets its files back when it comes."""
    found = []
    for comes in ("in the way back", "after it"):
        device = Device(client, kind, FILES)
        device.offer("1.0.1", NEXT)
        device.update()
        chip = device.board.chips["sd"]
        own = bytes(chip.data)
        if comes == "after it":
            chip.out = True
            device.start(POWER, 4)
            chip.out = False
        device.board.power_off()
        format_fat(chip)
        device.board.mount_all()
        device.write({"sd/c.txt": b"another device's", "sd/b.txt": b"too"})
        device.start(POWER, 5)
        with open("/sd/c.txt") as first, open("/sd/b.txt") as second:
            found.append([first.read(), second.read(), device.is_on(False, ("flash",))])
        device.board.power_off()
        chip.data[:] = own
        device.start(POWER, 2)
        found.append(device.is_on(True))
    return found
