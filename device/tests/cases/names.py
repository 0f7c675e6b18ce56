"""Which names a release may have, and what becomes of a device's own files beside them."""

import struct

from clients import Link
from device import Counting, Device
from devices import ROOT_SECTOR

SENSORS = "flash/lib/sensors.py"
PACKAGE = "flash/lib/sensors/__init__.py"


def there_and_back(device, version, files):
    """An update to `version`, taken back; then the same, confirmed."""
    device.offer(version, files)
    said = [device.update(), device.is_on()]
    device.wait_out_the_trial()
    said.append(device.is_on(True))
    device.update(retry=True)
    device.confirm()
    device.start()
    said.append(device.is_on(True))
    return said


def case_1(client, kind):
    """A module becomes a package; the link dies before all of the release has come."""
    device = Device(client, kind, [SENSORS])
    device.offer("1.0.1", {PACKAGE: None, "flash/zone.bin": 200000})
    said = device.update(Link(whole=30000))
    device.start()
    cut_off = device.is_on()
    link = Counting()
    device.update(link)
    return {"said": said, "cut off": cut_off, "then": device.is_on(), "comes again": link.came > 175000}


def case_2(client, kind):
    device = Device(client, kind, [], own={"flash/config.py": b'WHO = "mine"\n'})
    device.offer("1.0.1", {"flash/config/defaults.json": None, "flash/zone.bin": 200000})
    link = Counting(whole=30000)
    said = device.update(link)
    device.start()
    return {"said": said, "is on": device.is_on(), "came of it": link.came > 25000}


def case_3(client, kind):
    device = Device(client, kind, ["flash/lib/foo/__init__.py"])
    return there_and_back(device, "1.0.1", ["flash/lib/foo.py"])


def case_4(client, kind):
    device = Device(client, kind, ["flash/config"])
    there = there_and_back(device, "1.0.1", ["flash/config/app.json"])
    return there + there_and_back(device, "1.0.2", ["flash/config"])


def case_5(client, kind):
    """The server has forgotten the release that the device has installed."""
    device = Device(client, kind, [], "0.9.0")
    device.offer("1.0.0", ["flash/lib/foo.py", "flash/lib/bar/__init__.py"])
    device.update()
    device.confirm()
    device.server.forgets = True
    device.offer("1.2.0", ["flash/lib/foo.mpy", "flash/lib/bar.py"])
    said = [device.update(), device.is_on(), device.ota().verify()["problems"], device.confirm()]
    device.start()
    return said + [device.is_on(True)]


def case_13(client, kind):
    """A boot.py that is no Python, left alone; and refused where releases may bring one."""
    device = Device(client, kind, ["flash/lib/foo.py"])
    device.offer("1.0.1", ["flash/lib/foo.py"], boot="import (\n")
    said = [device.update(), device.is_on()]
    device.wait_out_the_trial()
    said.append(device.is_on(True))
    said.append(device.said(lambda: device.ota(boot_py=True).update(retry=True)))
    device.start()
    return said + [device.is_on()]


def case_14(client, kind):
    """The release has no file of the client."""
    device = Device(client, kind, ["flash/lib/foo.py"])
    bare = device.offer("1.0.1", ["flash/lib/foo.py"], client=False)
    said = [device.update(), device.confirm()]
    bare.tree.update(client.files(6))
    device.start()
    said.append(device.is_on(True))
    device.offer("1.0.2", ["flash/lib/foo.py"])
    return said + [device.update(), device.confirm(), device.is_on(True)]


def case_21(client, kind):
    files = ("flash/config.json", "flash/lib/foo.py", "sd/a.txt")
    own = ("flash/config.json.new", "flash/lib/foo.py.bak", "sd/a.txt.new", "sd/a.txt.bak")
    device = Device(client, kind, files, own=own)
    device.offer("1.0.1", files)
    said = [device.update(), device.is_on(), device.rollback(), device.is_on(True)]
    return said + [device.update(retry=True), device.confirm(), device.is_on(True)]


class Card(Device):
    """With a user's `Müller.txt` on its card, written by a PC: MicroPython reads the byte 0x81 for its ü."""

    def prepare(self):
        short = b"M\x9aLLER  TXT"
        check = 0
        for c in short:
            check = ((check << 7) + (check >> 1) + c) & 0xFF
        wide = b"".join([struct.pack("<H", ord(c)) for c in "Müller.txt\0\uffff\uffff"])
        long = b"\x41" + wide[:10] + b"\x0f\0" + bytes([check]) + wide[10:22] + b"\0\0" + wide[22:]
        at = ROOT_SECTOR * 512
        self.board.chips["sd"].data[at : at + 64] = long + short + b"\x20" + bytes(20)
        self.own.files["sd/M\x81ller.txt"] = b""


def case_23(client, kind):
    device = Card(client, kind, ["sd/sound/a.txt", "sd/b.txt"])
    return there_and_back(device, "1.0.1", ["sd/sound/c.txt", "sd/b.txt", "sd/d.txt"])


def case_24(client, kind):
    """Names of which FAT makes one: each is right, or refused before anything is downloaded."""
    found = []
    for old, new in (("sd/Ä.txt", "sd/Î.txt"), ("sd/中.txt", "sd/席.txt")):
        device = Device(client, kind, [old, "sd/other.txt"])
        device.offer("1.0.1", [new, "sd/other.txt"])
        link = Counting()
        said = device.update(link)
        if said == "path_case":
            found.append([device.is_on(True), link.came < 2000])
        else:
            found.append([said, device.is_on(), device.confirm(), device.is_on(True)])
    return found


def case_25(client, kind):
    """A name that differs in case from one that stays, the release's or a user's."""
    device = Device(client, kind, {"sd/Tone.txt": b"tone"}, own=["sd/Mine.txt"])
    found = []
    for name in ("sd/tone.txt", "sd/mine.txt"):
        device.offer("1.0.1", {"sd/Tone.txt": b"tone", name: None})
        found.append([device.update(), device.is_on(True)])
    return found


def case_26(client, kind):
    own = ("sd/~NOTES.BAK", "sd/T~LOG.BAK", "sd/DATA~2024.CSV")
    files = ("sd/notes.txt", "sd/T.txt", "sd/data.csv", "sd/data2024_of_this_year.csv")
    device = Device(client, kind, files, own=own)
    return there_and_back(device, "1.0.1", files)


def case_29(client, kind):
    """Names as long as file systems have them."""
    files = ["flash/data/%s.txt" % (chr(97 + size % 26) * (size - 4)) for size in range(252, 256)]
    device = Device(client, kind, files[:2])
    return there_and_back(device, "1.0.1", files[1:])


def case_30(client, kind):
    """The application's empty directories, of which one had the release's last file, stay."""
    device = Device(client, kind, [], "0.9.0", directories=["flash/logs", "sd/logs"])
    found = []
    for version, files in (("1.0.0", ["flash/logs/readme.txt", "sd/logs/readme.txt"]), ("1.0.1", [])):
        device.offer(version, files)
        device.update()
        device.confirm()
        found.append(device.is_on(True))
    return found


def case_32(client, kind):
    """JSON writes what is above U+FFFF as a pair of escapes; the path is the same as in UTF-8."""
    path = "flash/data/\U0001f4a1.txt"
    device = Device(client, kind, [])
    device.offer("1.0.1", [path])
    get = device.server.get
    light = "\U0001f4a1".encode()

    def escaped(request):
        data = get(request)
        return data.replace(light, b"\\ud83d\\udca1") if request.startswith("manifest") else data

    device.server.get = escaped
    return [device.update(), device.is_on(), device.confirm(), device.is_on(True)]
