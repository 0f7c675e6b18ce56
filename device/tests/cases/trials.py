"""What is tried, which starts count, and how it ends; with firmware and without."""

import os

from boards import POWER, RESET, SOFT, WAKE, Board
from device import TRIAL_STARTS, Device, cuts, spread, tally, whole
from releases import OTHER_MPY
from rooms import fill

FILES = ("flash/lib/foo.py", "flash/data.txt", "sd/a.txt")
LOOKS = 16  # of many points in an action, so many are looked at


def case_6(client, kind):
    device = Device(client, kind, FILES, "1.1.0-rc.1")
    device.offer("1.1.0", FILES)
    return [device.update(), device.is_on(), device.confirm()]


def case_7(client, kind):
    device = Device(client, kind, FILES)
    device.offer("1.0.1", FILES[:2])
    said = [device.update(), device.rollback(), device.update()]
    device.offer("1.0.1", FILES)
    said += [device.update(), device.is_on(), device.confirm()]
    device.start()
    return said + [device.is_on(True)]


def case_8(client, kind):
    device = Device(client, kind, FILES, board=Board(kind, "esp32"))
    device.offer("1.0.1", FILES, firmware="1.0.1")
    device.update()
    found = [device.is_on()]
    device.wait_out_the_trial()
    found.append(device.is_on(True))
    for cause in (RESET, POWER):
        device.start(cause)
        found.append(device.is_on(True))
    return found


def case_12(client, kind):
    """The client is of .mpy files that the new firmware does not read."""
    device = Device(client, kind, ["flash/fast.mpy"], board=Board(kind, "esp32"))
    device.offer("1.0.1", ["flash/fast.mpy"], firmware="1.0.1", mpy_version=OTHER_MPY)
    image = device.board.save()
    found = []
    for action in (device.update, device.start):
        # Once up to the reset, and once from there on.
        if action == device.start:
            device.board.load(image)
            device.remount()
            device.update(reset=False)
        wrong = []
        points = 0
        for _ in cuts(device, lambda action=action: action(), LOOKS):
            points += 1
            device.start()
            wrong.append(whole(device))
        found.append(tally(wrong))
        if action == device.update:
            found.append(points > LOOKS // 2)
    # The boot loader finds that the new firmware does not start, each time.
    device.board.load(image)
    device.remount()
    loads = device.board.firmware.start

    def start():
        if loads() == 1:
            loads()

    device.board.firmware.start = start
    device.update()
    found.append(device.is_on())
    device.start(POWER, 4)
    return found + [device.is_on(True)]


def case_51(client, kind):
    """The card goes when the new firmware runs, which does not read the client's files of the old release."""
    files = ("flash/fast.mpy", "sd/a.txt")
    device = Device(client, kind, files, board=Board(kind, "esp32"))
    device.offer("1.0.1", files, firmware="1.0.1", mpy_version=OTHER_MPY)
    loads = device.board.firmware.start

    def start():
        if loads() == 1:
            device.board.chips["sd"].out = True

    device.board.firmware.start = start
    device.update()
    found = [device.is_on(False, ("flash",)), client.status()["error"]]
    device.board.chips["sd"].out = False
    device.start()
    return found + [device.is_on(True)]


def case_17(client, kind):
    device = Device(client, kind, FILES)
    device.offer("1.0.1", FILES)
    said = [device.update(reset=False), device.confirm()]
    device.start()
    return said + [device.confirm(), device.is_on(True)]


def case_46(client, kind):
    """A file that goes, and in its place a directory, in which the application writes."""
    device = Device(client, kind, ["flash/config"])
    device.offer("1.0.1", ["flash/config/app.json"])
    said = [device.update()]
    device.put("flash/config/own.json", b"own")
    device.wait_out_the_trial()
    device.own.files = {"flash/config.kept/own.json": b"own"}
    return said + [device.is_on(True)]


def case_18(client, kind):
    device = Device(client, kind, FILES)
    device.board.chips["flash"].sticks = False  # the application calls again, and does not wait for a start
    device.offer("1.0.1", FILES)
    device.update()
    image = device.board.save()
    wrong = []
    for accesses in ("read", "write"):
        device.board.log.disarm()
        device.confirm()
        count = device.board.log.of(accesses).count
        for number in spread(count, LOOKS):
            for times in (1, 30):
                device.board.load(image)
                device.remount()
                device.board.log.arm(accesses, number, times)
                said = device.confirm()
                device.board.log.disarm()
                if said is not True:
                    said = device.confirm()
                device.start()
                is_on = device.is_on(True)
                wrong.append(
                    None
                    if (said, is_on) == (True, "1.0.1")
                    else "%s, then %s (%s %d x %d)" % (said, is_on, accesses, number, times)
                )
        device.board.load(image)
        device.remount()
    return [len(wrong) > LOOKS, tally(wrong)]


def sleepy(client, kind, cause):
    found = []
    for board in ("esp32", "rp2040"):
        device = Device(client, kind, FILES, board=Board(kind, board))
        device.offer("1.0.1", FILES)
        device.update()
        for _ in range(4):
            if cause == WAKE:
                client.sleeps()
            device.start(cause)
        said = [device.state(), device.is_on()]
        for _ in range(60):
            if cause == WAKE:
                client.sleeps()
            device.start(cause)
        found.append(said + [device.is_on(True)])
    return found


def case_20(client, kind):
    return sleepy(client, kind, WAKE)


def case_34(client, kind):
    found = []
    for sizes in (True, False):
        device = Device(client, kind, FILES, "0.9.9")
        device.server.sizes = sizes
        device.server.static = True
        device.offer("1.0.0", FILES[1:])
        said = [device.update(), device.is_on(), device.confirm()]
        device.start()
        found.append(said + [device.is_on(True)])
    return found


def case_37(client, kind):
    return sleepy(client, kind, SOFT)


def case_40(client, kind):
    """The recovery that was there stays as a whole, and does its work."""
    places = ["flash/lib/airwaybill_%s/" % name for name in ("boot", "before")]
    old = {path: data for path, data in client.files(6).items() if path.startswith(places[0])}
    new = dict(old)
    for name in ("__init__.py", "trees.py"):
        new[places[0] + name] = b"raise ImportError\n" + old[places[0] + name]

    def wrong():
        """After the start, and a confirm() where the cut came before its journal."""
        said = device.confirm()
        if device.state() != "idle" or device.ota().version != "1.0.1":
            return "%s, %s %s" % (said, device.state(), device.ota().version)
        found = device.files()
        for place, wanted in zip(places, (new, old)):
            kept = {path.replace(place, places[0]): found[path] for path in found if path.startswith(place)}
            if kept != wanted:
                return "%s: %s" % (place, [path for path in wanted if kept.get(path) != wanted[path]])
        return None

    device = Device(client, kind, FILES)
    files = {path: 40 for path in FILES}
    files.update(new)
    device.offer("1.0.1", files)
    device.said(lambda: device.ota(boot_py=True).update())
    if kind == "littlefs":  # on FAT a cut loses clusters, all of the spare room at worst
        fill(device, "flash")
    found = []
    for torn in (False, True):
        for _ in cuts(device, device.confirm, 2 * LOOKS, torn):
            device.start()
            found.append(wrong())
    for path in [path for path in device.own.files if "/fill" in path]:
        os.remove("/" + path)
    device.offer("1.0.2", FILES)
    return [len(found) > 2 * LOOKS, tally(found), device.update(), device.confirm(), device.ota().version]


def case_62(client, kind):
    """The power goes in the way back of a release that was not confirmed: it is tried once more all the same."""
    device = Device(client, kind, FILES)
    device.offer("1.0.1", FILES[:2])
    device.update()
    device.start(POWER, TRIAL_STARTS - 1)
    wrong = []
    for number in cuts(device, device.start, 999):
        device.start()
        refused = client.status()["refused"]
        is_on = device.is_on(True)
        wrong.append(None if is_on == "1.0.0" and not refused else "%d: %s, %s" % (number, is_on, refused))
    return [len(wrong) > LOOKS, tally(wrong)]


def case_66(client, kind):
    """A release brings one file of its own into the client's package, and none of the client."""
    device = Device(client, kind, FILES)
    device.offer("1.0.1", FILES + ("flash/lib/airwaybill/more.py",), client=False)
    said = [device.update(), device.confirm()]
    device.offer("1.0.2", FILES)
    return said + [device.update(), device.confirm(), device.is_on(True)]


def case_67(client, kind):
    """The application fills flash and card between update() and the start that installs, and in the trial."""
    device = Device(client, kind, FILES)
    device.offer("1.0.1", dict([(path, 5000) for path in FILES] + [("flash/new.bin", 9000), ("sd/new.bin", 9000)]))
    said = [device.update(reset=False)]
    for mount in ("flash", "sd"):
        fill(device, mount)
    device.start()
    said.append(device.is_on())
    for mount in ("flash", "sd"):
        fill(device, mount)
    device.wait_out_the_trial()
    return said + [device.is_on(True)]
