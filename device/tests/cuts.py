"""The power-cut proof, run by MicroPython: `micropython cuts.py FILESYSTEM OLD_CLIENT NEW_CLIENT PAIRS [boot_py]`.

It makes each cut from the log of one run (see sim.py), starts the board on what is left, and looks at what it has
become. With `boot_py` the release brings what starts the device, too.
"""

import binascii
import gc
import hashlib
import json
import os
import random
import sys

here = __file__.rsplit("/", 1)[0]
sys.path.insert(0, here)

import sim

sim.PROGSIZE = 256  # as RP2040's driver has it; with ESP32's 32, an update is four times as many writes
SEED = 11
BOOT = b"""import os
from machine import SD
os.mount(SD(), "/sd")
from OTA import OTA
OTA.boot()
"""
FACES = ("flash/boot.py", "flash/lib/OTA.py", "flash/lib/airwaybill_boot/")
FINISHED = 16  # one of so many boards goes on to the next release
# In no release: what the device has of its own.
OWN = {"flash/config.py": b"KEY = 1\n", "flash/total_0.bin": b"\x00\x00\x01\x02", "sd/log.txt": b"a day\n"}


def noise(seed, size):
    random.seed(seed)
    return bytes(random.getrandbits(8) for _ in range(size))


def read(path):
    with open(path, "rb") as file:
        return file.read()


def client(directory):
    """The files of a compiled client, as a release has them."""
    tree = {}
    sim.walk(directory, "flash/lib", tree)
    return tree


def releases(old_client, new_client):
    old = client(old_client)
    old.update(
        {
            "flash/boot.py": BOOT,
            "flash/main.py": b"import app_a\n",
            "flash/lib/app_a.py": b"A = 1\n",
            "flash/lib/sensors.py": noise(16, 200),
            "flash/lib/radio/__init__.py": noise(17, 300),
            "flash/old_file.py": noise(1, 700),
            "flash/drivers/display/st7789.py": noise(2, 300),
            "flash/configuration_defaults.json": b'{"a": 1}',
            "flash/data/table.bin": noise(3, 2500),
            "sd/some_asset.txt": b"pulses 1000\n",
            "sd/asset_that_will_be_removed.wav": noise(4, 900),
            "sd/Tone.wav": noise(14, 500),
        }
    )
    new = dict(old)
    for gone in (
        "flash/old_file.py",
        "flash/drivers/display/st7789.py",
        "flash/lib/sensors.py",
        "flash/lib/radio/__init__.py",
        "sd/asset_that_will_be_removed.wav",
        "sd/Tone.wav",
    ):
        del new[gone]
    new.update(
        {
            "flash/boot.py": b"# 1.0.1\n" + BOOT,
            "flash/main.py": b"import app_a, new_lib\n",
            "flash/lib/app_a.py": b"A = 2\n" + noise(5, 600),
            "flash/lib/new_lib.py": noise(6, 800),
            "flash/lib/empty.py": b"",
            # A module becomes a package, and a package a module.
            "flash/lib/sensors/__init__.py": noise(18, 250),
            "flash/lib/radio.py": noise(19, 350),
            "flash/meter/parts/power_window.py": noise(7, 400),
            "flash/configuration_defaults.json": b'{"a": 2, "b": 3}',
            "flash/data/table.bin": noise(8, 2700),
            "sd/some_asset.txt": b"pulses 2000\nsample 60\n",
            "sd/tones/start.wav": noise(9, 600),
            "sd/tone.wav": noise(15, 700),
        }
    )
    brought = client(new_client)
    for path in brought:
        # What starts the device, and the part that plans.
        if path.startswith(FACES) or path == "flash/lib/airwaybill/plan.mpy":
            new[path] = brought[path]
    later = dict(new)
    later["flash/main.py"] = b"import app_a  # 1.0.2\n"
    later["flash/lib/newer_lib.py"] = noise(10, 200)
    del later["flash/lib/empty.py"]
    return {"1.0.0": old, "1.0.1": new, "1.0.2": later}


IMAGES = {"1.0.0": noise(100, 5000), "1.0.1": noise(101, 6100)}


def sha1(data):
    return str(binascii.hexlify(hashlib.sha1(data).digest()), "ascii")


def sha256(data):
    return str(binascii.hexlify(hashlib.sha256(data).digest()), "ascii")


def manifest(trees, current, target):
    """As the server writes it: P3, M1 and M4."""
    old = trees[current]
    new = trees[target]

    def entry(url, data, **more):
        more.update({"URL": "http://10.0.0.1:8000/" + url, "hash": sha1(data), "size": len(data)})
        return more

    def entries(paths):
        return [entry(target + "/" + path, new[path], dst_path=path) for path in sorted(paths)]

    parts = [("delete", sorted(path for path in old if path not in new))]
    if target in IMAGES:
        parts.append(("firmware", entry("firmware_%s.bin" % target, IMAGES[target])))
    parts.append(("new", entries(path for path in new if path not in old)))
    parts.append(("previous_version", current))
    parts.append(("total_size", 0))
    parts.append(("update", entries(path for path in new if path in old and old[path] != new[path])))
    parts.append(("version", target))
    return "{" + ", ".join("%s: %s" % (json.dumps(key), json.dumps(value)) for key, value in parts) + "}"


class Proof:
    def __init__(self, kind, trees, pairs, boot_py=False):
        self.kind = kind
        self.pairs = pairs
        self.trees = trees
        self.boot_py = boot_py
        steps = (("1.0.0", "1.0.1"), ("1.0.1", "1.0.2"), ("1.0.0", "1.0.2"))
        self.manifests = {step: manifest(self.trees, step[0], step[1]).encode() for step in steps}
        self.counts = {"cuts": 0, "old": 0, "new": 0, "bad": 0}
        self.states = set()
        self.board = sim.board = sim.Board(kind)
        self.target = "1.0.1"

    def expected(self, version, confirmed):
        """What starts the device comes with no release, or with one that is confirmed (D7)."""
        tree = dict(self.trees[version])
        if not (self.boot_py and confirmed):
            for path in tree:
                if path.startswith(FACES):
                    tree[path] = self.trees["1.0.0"][path]
        if "sd/tone.wav" in tree:  # the card has FAT: one file, under the name that it had
            tree["sd/Tone.wav"] = tree.pop("sd/tone.wav")
        tree.update(OWN)
        return tree

    def found(self):
        """What the board holds, but for the recovery before this one."""
        tree = sim.read_tree()
        for path in list(tree):
            if path.startswith("flash/lib/airwaybill_before/"):
                del tree[path]
        return tree

    def transport(self):
        from OTA import OTA

        proof = self

        class Memory(OTA):
            pause_ms = 0
            verified = True

            def get_data(self, req, dest_path=None, hash=False, firmware=False):
                if req.startswith("manifest.json"):
                    own = req.split("current_ver=")[1].split("&")[0]
                    data = proof.manifests.get((own, proof.target), b"null")
                elif req.startswith("firmware_"):
                    data = IMAGES[req[len("firmware_") : -len(".bin")]]
                else:
                    version, path = req.split("/", 1)
                    data = proof.trees[version][path]
                sink = self.sink(dest_path, hash, firmware)
                data = memoryview(data)[sink.offset :]
                sink.expect(len(data))
                for start in range(0, len(data), 512):
                    sink.write(data[start : start + 512])
                return sink.close()

        return Memory(boot_py=self.boot_py)

    def update(self, target):
        self.target = target
        self.board.run(lambda: self.transport().update())

    def confirm(self):
        return self.transport().confirm()

    def fresh(self):
        """A board with release 1.0.0, confirmed."""
        self.board.format()
        self.board.mount()
        os.mount(self.board.devices["sd"], "/sd")
        write_all = dict(self.trees["1.0.0"])
        write_all.update(OWN)
        sim.write_tree(write_all)
        os.mkdir("/flash/waybill")
        sim.write_tree({"flash/waybill/version": b"1.0.0\n1.0.0\n"})
        self.write_record()
        data = IMAGES["1.0.0"]
        self.board.devices["ota_0"].data[: len(data)] = data
        self.board.log.clear()
        self.board.unmount()

    def write_record(self):
        """As the device was delivered."""
        sim.preload()
        from airwaybill import record

        tree = self.trees["1.0.0"]
        files = [(path, len(tree[path]), sha256(tree[path])) for path in sorted(tree) if not path.startswith(FACES)]
        head = {"version": "1.0.0", "before": None, "firmware": None}
        record.write("/flash/waybill/files", head, [file + (file[0].count("/") - 1,) for file in files])

    def cuts(self, start, log, torn):
        """Puts the board into the state that each cut leaves: before each write or, if `torn`, in the middle of it."""
        base = {name: bytearray(data) for name, data in start.items()}
        for name, offset, data in log:
            if not torn or len(data) > 1:
                self.board.restore(base)
                if torn:
                    half = data[: len(data) // 2]
                    self.board.devices[name].data[offset : offset + len(half)] = half
                yield
            base[name][offset : offset + len(data)] = data

    def judge(self):
        """The board has started. Whether it is wholly old or wholly new; what is wrong otherwise."""
        try:
            from OTA import OTA

            ota = OTA()
            version = ota.version
            state = ota.status()["state"]
            if version not in ("1.0.0", "1.0.1"):
                return "version %r" % version
            wrong = difference(self.found(), self.expected(version, state == "idle"))
            if wrong:
                return "%s %s" % (version, wrong)
            image = self.board.devices["ota_%d" % self.board.running].data
            if bytes(image[: len(IMAGES[version])]) != IMAGES[version]:
                return "firmware not of " + version
            return None
        except Exception as error:
            sys.print_exception(error)
            return "%s: %s" % (type(error).__name__, error)

    def finish(self):
        """Confirm what is there, update again, confirm: then nothing but the release is left."""
        from OTA import OTA

        version = OTA().version
        self.confirm()
        if version == "1.0.1":
            wrong = self.leftovers(version)
            if wrong:
                return wrong
            target = "1.0.2"
        else:
            # A release that was rolled back is not taken again, a higher one is.
            target = "1.0.2" if self.transport().status()["refused"] else "1.0.1"
        try:
            self.update(target)
        except Exception as error:
            return "update: %s" % error
        if not self.confirm():
            return "no trial after the update to " + target
        return self.leftovers(target)

    def leftovers(self, version):
        wrong = difference(self.found(), self.expected(version, True))
        if wrong:
            return "confirmed %s %s" % (version, wrong)
        for mount, wanted in (("flash", ["files", "version"]), ("sd", [])):
            own = sorted(os.listdir("/%s/waybill" % mount))
            if own != wanted:
                return "confirmed %s, and waybill/ of %s has %r" % (version, mount, own)
        return None

    def record(self, action):
        """The log of what `action` writes."""
        self.board.log.clear()
        action()
        return list(self.board.log)

    def check(self, label, only=None):
        """Start, judge, and for some go on. Returns the log of the start."""
        self.states.add(self.board.digest())
        recovery = []
        try:
            recovery = self.record(self.board.power_on)
            wrong = self.judge()
            version = self.transport().version
            if not wrong and only and version != only:
                wrong = "is " + version
            if self.counts["cuts"] % FINISHED == 0:
                wrong = wrong or self.finish()
        except Exception as error:
            sys.print_exception(error)
            wrong = repr(error)
        self.counts["cuts"] += 1
        if wrong:
            self.counts["bad"] += 1
            print("bad: %s: %s" % (label, wrong), file=sys.stderr)
        else:
            self.counts["old" if version == "1.0.0" else "new"] += 1
        return recovery

    def prove(self, label, pairs, start, log, only=None):
        """Each cut of `log`, then second cuts in the recoveries; all of it again with the write half done."""
        for torn in (False, True):
            kind = "torn " + label if torn else label
            lengths = []
            for _ in self.cuts(start, log, torn):
                lengths.append(len(self.check("%s %d" % (kind, len(lengths) + 1), only)))
                gc.collect()
            total = sum(lengths)
            chosen = self.choose(total, pairs // 4 if torn else pairs)
            first = 0
            number = 0
            for _ in self.cuts(start, log, torn):
                seconds = [pair - first for pair in chosen if first <= pair < first + lengths[number]]
                first += lengths[number]
                number += 1
                if not seconds:
                    continue
                gc.collect()
                image = self.board.snapshot()
                recovery = self.record(self.board.power_on)
                at = 0
                for _ in self.cuts(image, recovery, torn):
                    if at in seconds:
                        self.check("%s %d, recovery %d" % (kind, number, at + 1), only)
                    at += 1

    def choose(self, total, wanted):
        """Which of `total` pairs of cuts are made; all, when 0 are wanted."""
        if not wanted or wanted >= total:
            return set(range(total))
        random.seed(SEED)
        chosen = set()
        while len(chosen) < wanted:
            chosen.add(random.randrange(total))
        return chosen

    def run(self):
        board = self.board
        self.fresh()
        old = board.snapshot()
        board.power_on()
        update = self.record(lambda: self.update("1.0.1"))
        trial = board.snapshot()
        if not self.boot_py:  # until it is confirmed, nothing of this is different
            self.prove("update", self.pairs, old, update)

        board.restore(trial)
        # Mounted, and not started: that would count a start, which the cut states then lack.
        board.unmount()
        board.mount()
        os.mount(board.devices["sd"], "/sd")
        self.prove("confirm", self.pairs // 5, trial, self.record(self.confirm), "1.0.1")

        if self.boot_py:
            return
        board.restore(trial)
        for _ in range(2):
            board.power_on()
        last = board.snapshot()
        self.prove("rollback", self.pairs // 5, last, self.record(board.power_on), "1.0.0")


def difference(found, wanted):
    for path in sorted(found):
        if path not in wanted:
            return "has " + path
        if found[path] != wanted[path]:
            return "differs in " + path
    for path in sorted(wanted):
        if path not in found:
            return "lacks " + path
    return None


if __name__ == "__main__":
    sim.install_fakes()
    boot_py = sys.argv[-1] == "boot_py"
    proof = Proof(sys.argv[1], releases(*sys.argv[2:4]), int(sys.argv[4]), boot_py)
    proof.run()
    name = "%s%s, %d flash states" % (proof.kind, ", boot_py" if boot_py else "", len(proof.states))
    counts = tuple(proof.counts[key] for key in ("cuts", "old", "new", "bad"))
    print("%s: %d cuts, %d old, %d new, %d bad" % ((name,) + counts))
    sys.exit(1 if proof.counts["bad"] else 0)
