"""A device of the first edition comes to the second by one release, and the power goes at every write of that.

`micropython move.py FIRST SECOND FILESYSTEM boot_py|client EVERY ON`: directories with the client's files. Each EVERYth
cut is made and judged, before a write and in the middle of it; each ONth of these devices then goes on to the release
after that. Prints counts, and the cuts that ended badly by the file that was half written, as JSON.
"""

import binascii
import gc
import hashlib
import json
import os
import sys

here = __file__.rsplit("/", 1)[0]
sys.path.insert(0, here)

import sim

BOOT = b"""import os
from machine import SD
os.mount(SD(), "/sd")
from OTA import OTA
OTA.boot()
"""
OWN = {"flash/config.py": b"KEY = 1\n", "flash/lib/sensors/own.py": b"MINE = 1\n", "sd/log.txt": b"a day\n"}
SHAPE = {"littlefs": (4096, 160, True), "FAT": (512, 2400, False)}
IMAGES = {"1.0.0": b"\xe9" + bytes(range(200)) * 25, "1.0.1": b"\xe9" + bytes(range(210)) * 29}
# On FAT, these are copied over when boot_py=True says so.
FACES = ("flash/boot.py", "flash/lib/OTA.py")


def files_in(directory, prefix, found, names=None):
    for entry in os.ilistdir(directory):
        if names is None or entry[0] in names:
            if entry[1] & 0x4000:
                files_in(directory + "/" + entry[0], prefix + entry[0] + "/", found)
            elif entry[0].endswith(".py"):
                with open(directory + "/" + entry[0], "rb") as file:
                    found[prefix + entry[0]] = file.read()
    return found


def releases(first, second, kind, boot_py):
    """1.0.0 has the client's first edition. 1.0.1 brings the second; to devices that keep their OTA.py (FAT, without
    boot_py) nothing of it, and files of the application alone. 1.0.2 is a release like any other."""
    client = files_in(first, "flash/lib/", {})
    names = ("OTA.py", "airwaybill_old.py", "airwaybill", "airwaybill_boot")
    old = {"flash/boot.py": BOOT, "flash/main.py": b"V = 0\n", "flash/lib/app_a.py": b"A = 0\n", "sd/a.txt": b"0\n"}
    new = {"flash/boot.py": BOOT, "flash/main.py": b"V = 1\n", "flash/lib/app_a.py": b"A = 1\n", "sd/b.txt": b"1\n"}
    if boot_py:
        new["flash/boot.py"] = b"# 1.0.1\n" + BOOT
    old.update(client)
    new.update(client if kind == "FAT" and not boot_py else files_in(second, "flash/lib/", {}, names))
    later = dict(new)
    later["flash/main.py"] = b"V = 2\n"
    later["flash/lib/new_lib.py"] = b"N = 2\n"
    return {"1.0.0": old, "1.0.1": new, "1.0.2": later}


def sha1(data):
    return str(binascii.hexlify(hashlib.sha1(data).digest()), "ascii")


def manifest(trees, current, target):
    """As the server writes it: P3, M1 and M4."""
    old = trees.get(current, {})
    new = trees[target]

    def entry(url, data, **more):
        more.update({"URL": "http://10.0.0.1:8000/" + url, "hash": sha1(data), "size": len(data)})
        return more

    def entries(paths):
        return [entry(target + "/" + path, new[path], dst_path=path) for path in sorted(paths)]

    parts = [("delete", sorted(path for path in old if path not in new))]
    if target in IMAGES:
        parts.append(("firmware", entry("firmware_%s.bin" % target, IMAGES[target])))
    if current is None:
        parts.append(("full", True))
    parts.append(("new", entries(path for path in new if path not in old)))
    parts.append(("previous_version", current))
    parts.append(("total_size", 0))
    parts.append(("update", entries(path for path in new if path in old and old[path] != new[path])))
    parts.append(("version", target))
    return "{" + ", ".join("%s: %s" % (json.dumps(key), json.dumps(value)) for key, value in parts) + "}"


class Proof:
    def __init__(self, first, second, kind, boot_py, every, on):
        self.kind = kind
        self.boot_py = boot_py
        self.every = every
        self.on = on
        self.trees = releases(first, second, kind, boot_py)
        self.counts = {"cuts": 0, "old": 0, "new": 0, "bad": 0, "went on": 0}
        self.faced = kind == "FAT" and boot_py
        self.half = {}  # by the path that was half written: how many ended badly for that
        self.board = sim.board = sim.Board(kind)
        self.board._add("flash", *SHAPE[kind])
        self.target = "1.0.1"

    # What happens

    def power_on(self):
        for name in list(sys.modules):
            if name.startswith("ota_"):
                del sys.modules[name]
        self.board.power_on()

    def run(self, action):
        try:
            action()
        except sim.Restart:
            self.power_on()

    def ota(self):
        from OTA import OTA

        proof = self

        class Memory(OTA):
            pause_ms = 0
            verified = True

            def get_data(self, req, dest_path=None, hash=False, firmware=False):
                data = proof.answer(req)
                sink = self.sink(dest_path, hash, firmware)
                data = memoryview(data)[sink.offset :]
                sink.expect(len(data))
                for start in range(0, len(data), 1024):
                    sink.write(data[start : start + 1024])
                return sink.close()

        return Memory(boot_py=self.boot_py)

    def answer(self, req):
        if req.startswith("manifest.json"):
            query = dict(part.split("=") for part in req.split("?")[1].split("&"))
            own = query.get("current_ver")
            return b"null" if own == self.target else manifest(self.trees, own, self.target).encode()
        if req.startswith("firmware_"):
            return IMAGES[req[len("firmware_") : -len(".bin")]]
        version, path = req.split("/", 1)
        return self.trees[version][path]

    def update(self, target):
        self.target = target
        self.run(lambda: self.ota().update())

    def fresh(self):
        """A board with release 1.0.0, confirmed."""
        board = self.board
        board.format()
        board.mount()
        os.mount(board.devices["sd"], "/sd")
        sim.write_tree(self.trees["1.0.0"])
        sim.write_tree(OWN)
        os.mkdir("/flash/waybill")
        sim.write_tree({"flash/waybill/version": b"1.0.0\n1.0.0\n"})
        board.devices["ota_0"].data[: len(IMAGES["1.0.0"])] = IMAGES["1.0.0"]
        board.unmount()

    def record(self, action):
        """What `action` writes."""
        self.board.log.clear()
        action()
        return list(self.board.log)

    def mount(self):
        """Mounted, and not started: that would count a start."""
        self.board.unmount()
        self.board.mount()
        os.mount(self.board.devices["sd"], "/sd")
        for name in list(sys.modules):
            if name.startswith(("ota_", "OTA", "airwaybill")):
                del sys.modules[name]
        sim.preload()

    # What has to be

    def wrong(self, only):
        """What is not wholly old or wholly new."""
        version = self.version()
        if version not in ((only,) if only else ("1.0.0", "1.0.1")):
            return "version %r" % version
        status = self.ota().status()
        ended = status["state"] in ("idle", "rolled back") and version == "1.0.0"
        # What lies beside the files goes at the end; on FAT perhaps under a short name, MAINPY~1.NEW.
        beside = (".NEW", "/") if ended else (".NEW", ".BAK", "/")
        tree = {path: data for path, data in sim.read_tree().items() if not path.upper().endswith(beside)}
        return self.compare(tree, version)

    def compare(self, tree, version):
        wanted = dict(self.trees[version])
        wanted.update(OWN)
        for path in sorted(set(wanted) | set(tree)):
            if tree.get(path) != wanted.get(path):
                return "%s: %s %s" % (version, path, "differs" if path in tree and path in wanted else path in tree)
        image = self.board.devices["ota_%d" % self.board.running].data
        firmware = IMAGES.get(version, b"")
        if bytes(image[: len(firmware)]) != firmware:
            return version + ": another firmware"
        return None

    def version(self):
        try:
            with open("/flash/waybill/version") as file:
                return file.readline().strip()
        except OSError:
            return None

    def go_on(self):
        """Confirms what is there, comes to 1.0.1 and from there to 1.0.2: then nothing but the release is left."""
        if self.version() == "1.0.0":
            if self.ota().status()["refused"]:
                self.target = "1.0.1"
                try:
                    self.ota().update()
                    return "1.0.1 is taken again"
                except Exception as error:
                    if getattr(error, "code", None) != "refused":
                        return "not refused: %s" % error
                return self.step("1.0.2")
            self.update("1.0.1")
        self.ota().confirm()
        return self.leftovers("1.0.1") or self.step("1.0.2")

    def step(self, target):
        self.update(target)
        if not self.ota().confirm():
            return "no trial of " + target
        return self.leftovers(target)

    def leftovers(self, version):
        if self.version() != version:
            return "%s is %s" % (version, self.version())
        wrong = self.compare(sim.read_tree(), version)
        if wrong:
            return "confirmed %s" % wrong
        more = [name for name in os.listdir("/flash/waybill") if name not in ("files", "version")]
        return "confirmed %s, and waybill/ has %r" % (version, more) if more else None

    # The power goes

    def half_written(self):
        """The face that is neither the old nor the new one, on the board as the cut has left it."""
        self.mount()
        for path in FACES:
            try:
                with open("/" + path, "rb") as file:
                    data = file.read()
            except OSError:
                data = None
            if data not in (self.trees["1.0.0"][path], self.trees["1.0.1"][path]):
                return path
        return None

    def cuts(self, start, log):
        """The board as each cut leaves it: before each write, and in the middle of it."""
        base = {name: bytearray(data) for name, data in start.items()}
        for number, (name, offset, data) in enumerate(log):
            for torn in (False, True) if len(data) > 1 else (False,):
                self.board.restore(base)
                if torn:
                    half = data[: len(data) // 2]
                    self.board.devices[name].data[offset : offset + len(half)] = half
                yield "%d%s" % (number, " torn" if torn else "")
            base[name][offset : offset + len(data)] = data

    def prove(self, label, start, log, only=None):
        for number, cut in enumerate(self.cuts(start, log)):
            if number % self.every:
                continue
            gc.collect()
            image = self.board.snapshot()
            try:
                self.power_on()
                wrong = self.wrong(only)
                version = self.version()
                if not wrong and number // self.every % self.on == 0:
                    self.counts["went on"] += 1
                    wrong = self.go_on()
            except Exception as error:
                wrong = repr(error)
                if not self.faced:
                    sys.print_exception(error)
            self.counts["cuts"] += 1
            if not wrong:
                self.counts["old" if version == "1.0.0" else "new"] += 1
                continue
            self.board.restore(image)
            path = self.half_written() if self.faced else None
            if path:
                self.half[path] = self.half.get(path, 0) + 1
            else:
                self.counts["bad"] += 1
                print("bad: %s %s: %s" % (label, cut, wrong), file=sys.stderr)

    def run_all(self):
        board = self.board
        self.fresh()
        old = board.snapshot()
        self.power_on()
        update = self.record(lambda: self.update("1.0.1"))
        trial = board.snapshot()
        self.prove("update", old, update)

        board.restore(trial)
        starts = self.record(self.power_on)
        self.prove("start", trial, starts, "1.0.1")

        board.restore(trial)
        self.mount()
        confirm = self.record(lambda: self.ota().confirm())
        self.prove("confirm", trial, confirm, "1.0.1")

        board.restore(trial)
        for _ in range(2):
            self.power_on()
        last = board.snapshot()
        self.prove("back", last, self.record(self.power_on), "1.0.0")


sim.PROGSIZE = 256  # what littlefs programs at once on an RP2040
sim.install_fakes()
kind, what = sys.argv[3:5]
proof = Proof(sys.argv[1], sys.argv[2], kind, what == "boot_py", int(sys.argv[5]), int(sys.argv[6]))
proof.run_all()
print(json.dumps({"counts": proof.counts, "half": proof.half}))
