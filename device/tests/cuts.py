"""The power-cut proof, run by MicroPython: `micropython cuts.py FILESYSTEM OLD_CLIENT NEW_CLIENT [SOURCE] PAIRS`.

With SOURCE, where OTA.py is, the update is one to OTA.mpy.
It makes each cut from the log of one run (see sim.py), starts the board on what is left, and looks at what it has
become.
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

SEED = 11
BOOT = b"""import os
from machine import SD
os.mount(SD(), "/sd")
from OTA import OTA
OTA.boot()
"""
# In no release: what the device has of its own.
OWN = {"flash/config.py": b"KEY = 1\n", "flash/total_0.bin": b"\x00\x00\x01\x02", "sd/log.txt": b"a day\n"}


def noise(seed, size):
    random.seed(seed)
    return bytes(random.getrandbits(8) for _ in range(size))


def read(path):
    with open(path, "rb") as file:
        return file.read()


def releases(old_client, new_client):
    names = os.listdir(old_client)
    old = {"flash/lib/" + name: read(old_client + "/" + name) for name in names}
    old.update(
        {
            "flash/boot.py": BOOT,
            "flash/main.py": b"import app_a\n",
            "flash/lib/app_a.py": b"A = 1\n",
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
            "flash/meter/parts/power_window.py": noise(7, 400),
            "flash/configuration_defaults.json": b'{"a": 2, "b": 3}',
            "flash/data/table.bin": noise(8, 2700),
            "flash/lib/OTA.mpy": read(new_client + "/OTA.mpy"),
            # The updater imports it.
            "flash/lib/ota_plan.mpy": read(new_client + "/ota_plan.mpy"),
            "sd/some_asset.txt": b"pulses 2000\nsample 60\n",
            "sd/tones/start.wav": noise(9, 600),
            "sd/tone.wav": noise(15, 700),
        }
    )
    later = dict(new)
    later["flash/main.py"] = b"import app_a  # 1.0.2\n"
    later["flash/lib/newer_lib.py"] = noise(10, 200)
    del later["flash/lib/empty.py"]
    return {"1.0.0": old, "1.0.1": new, "1.0.2": later}


def moving(old_client, new_client, source):
    """The client moves: 1.0.0 has OTA.py, 1.0.1 has OTA.mpy, and 1.0.2 has OTA.py again."""
    base = {"flash/boot.py": BOOT, "flash/main.py": b"pass\n"}
    for name in os.listdir(old_client):
        if name != "OTA.mpy":
            base["flash/lib/" + name] = read(old_client + "/" + name)
    compiled = dict(base)
    compiled["flash/lib/OTA.mpy"] = read(new_client + "/OTA.mpy")
    base["flash/lib/OTA.py"] = read(source + "/OTA.py")
    later = dict(base)
    later["flash/main.py"] = b"pass  # 1.0.2\n"
    return {"1.0.0": base, "1.0.1": compiled, "1.0.2": later}


IMAGES = {"1.0.0": noise(100, 5000), "1.0.1": noise(101, 6100)}


def sha1(data):
    return str(binascii.hexlify(hashlib.sha1(data).digest()), "ascii")


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
    def __init__(self, kind, trees, pairs):
        self.kind = kind
        self.pairs = pairs
        self.trees = trees
        steps = (("1.0.0", "1.0.1"), ("1.0.1", "1.0.2"), ("1.0.0", "1.0.2"))
        self.manifests = {step: manifest(self.trees, step[0], step[1]).encode() for step in steps}
        self.counts = {"cuts": 0, "old": 0, "new": 0, "bad": 0}
        self.board = sim.board = sim.Board(kind)
        self.target = "1.0.1"

    def expected(self, version):
        tree = dict(self.trees[version])
        if self.kind == "FAT":
            # Left alone there, unless the user asks.
            for path in ("flash/boot.py", "flash/lib/OTA.mpy"):
                tree[path] = self.trees["1.0.0"][path]
        if "sd/tone.wav" in tree:  # the card has FAT: one file, under the name that it had
            tree["sd/Tone.wav"] = tree.pop("sd/tone.wav")
        tree.update(OWN)
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

        return Memory()

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
        data = IMAGES["1.0.0"]
        self.board.devices["ota_0"].data[: len(data)] = data
        self.board.log.clear()
        self.board.unmount()

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
            status = ota.status()
            tree = sim.read_tree()
            if version not in ("1.0.0", "1.0.1"):
                return "version %r" % version
            wanted = self.expected(version)
            if status["state"] != "idle" or version != "1.0.0":
                # On trial the old files are beside the new ones, in a download the new ones beside the old.
                tree = {path: tree[path] for path in tree if not path.endswith((".new", ".bak", "/"))}
            else:
                tree = {path: tree[path] for path in tree if not path.endswith((".new", "/"))}
            wrong = difference(tree, wanted)
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
        wrong = difference(sim.read_tree(), self.expected(version))
        if wrong:
            return "confirmed %s %s" % (version, wrong)
        own = sorted(os.listdir("/flash/waybill"))
        if own != ["version"]:
            return "confirmed %s, and waybill/ has %r" % (version, own)
        return None

    def record(self, action):
        """The log of what `action` writes."""
        self.board.log.clear()
        action()
        return list(self.board.log)

    def check(self, label, only=None):
        """Start, judge, go on. Returns the log of the start."""
        recovery = []
        try:
            recovery = self.record(self.board.power_on)
            wrong = self.judge()
            version = self.transport().version
            if not wrong and only and version != only:
                wrong = "is " + version
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
        self.prove("update", self.pairs, old, update)

        board.restore(trial)
        # Mounted, and not started: that would count a start, which the cut states then lack.
        board.unmount()
        board.mount()
        os.mount(board.devices["sd"], "/sd")
        self.prove("confirm", self.pairs // 5, trial, self.record(self.confirm), "1.0.1")

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
    moves = len(sys.argv) > 5
    proof = Proof(sys.argv[1], moving(*sys.argv[2:5]) if moves else releases(*sys.argv[2:4]), int(sys.argv[-1]))
    proof.run()
    counts = tuple(proof.counts[key] for key in ("cuts", "old", "new", "bad"))
    name = proof.kind + (", OTA.py to OTA.mpy" if moves else "")
    print("%s: %d cuts, %d old, %d new, %d bad" % ((name,) + counts))
    sys.exit(1 if proof.counts["bad"] else 0)
