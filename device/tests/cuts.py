"""The power-cut proof, run by MicroPython: `micropython cuts.py FILESYSTEM OLD_CLIENT NEW_CLIENT PAIRS [boot_py]`.

It makes each cut from the log of one run, starts the board on what is left, and looks at what it has become. With
`boot_py` the release brings what starts the device, too.
"""

import os
import random
import sys

sys.path[:0] = [__file__.rsplit("/", 1)[0] + below for below in ("", "/model")]

import boards
from clients import sha256
from proof import BOOT, Proof, files_in, noise
from tree import difference, read_tree

boards.SIMULATOR += ("cuts",)
SEED = 11
FACES = ("flash/boot.py", "flash/lib/OTA.py", "flash/lib/airwaybill_boot/")
FINISHED = 16  # one of so many boards goes on to the next release
# In no release: what the device has of its own.
OWN = {"flash/config.py": b"KEY = 1\n", "flash/total_0.bin": b"\x00\x00\x01\x02", "sd/log.txt": b"a day\n"}


def releases(old_client, new_client):
    old = files_in(old_client)
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
    brought = files_in(new_client)
    for path in brought:
        # What starts the device, and the part that plans.
        if path.startswith(FACES) or path == "flash/lib/airwaybill/plan.mpy":
            new[path] = brought[path]
    later = dict(new)
    later["flash/main.py"] = b"import app_a  # 1.0.2\n"
    later["flash/lib/newer_lib.py"] = noise(10, 200)
    del later["flash/lib/empty.py"]
    return {"1.0.0": old, "1.0.1": new, "1.0.2": later}


class Cuts(Proof):
    RECORDS = ["files", "version"]

    def __init__(self, kind, old_client, new_client, pairs, boot_py=False):
        trees = releases(old_client, new_client)
        super().__init__(kind, trees, OWN, {"1.0.2": "1.0.1"}, boot_py=boot_py)
        self.server.patches = True
        self.pairs = pairs

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
        tree = read_tree()
        for path in list(tree):
            if path.startswith("flash/lib/airwaybill_before/"):
                del tree[path]
        return tree

    def confirm(self):
        confirmed = self.ota().confirm()
        self.board.prepare()  # it may have forgotten the recovery that it has replaced
        return confirmed

    def fresh(self):
        super().fresh()
        self.write_record()

    def write_record(self):
        """As the device was delivered."""
        self.board.prepare()
        from airwaybill import record

        tree = self.trees["1.0.0"]
        files = [(path, len(tree[path]), sha256(tree[path])) for path in sorted(tree) if not path.startswith(FACES)]
        head = {"version": "1.0.0", "before": None, "firmware": None}
        record.write("/flash/waybill/files", head, [file + (file[0].count("/") - 1,) for file in files])

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
            if self.firmware_differs(version):
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
            target = "1.0.2" if self.ota().status()["refused"] else "1.0.1"
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
        for mount, wanted in (("flash", self.RECORDS), ("sd", [])):
            own = sorted(os.listdir("/%s/waybill" % mount))
            if own != wanted:
                return "confirmed %s, and waybill/ of %s has %r" % (version, mount, own)
        return None

    def check(self, label, only=None):
        """Start, judge, and for some go on. Returns the log of the start."""
        self.note_state()
        recovery = []
        version = None
        try:
            recovery = self.board.record(self.board.start)
            wrong = self.judge()
            version = self.ota().version
            if not wrong and only and version != only:
                wrong = "is " + version
            if self.counts["cuts"] % FINISHED == 0:
                wrong = wrong or self.finish()
        except Exception as error:
            sys.print_exception(error)
            wrong = repr(error)
        self.count(label, wrong, version)
        return recovery

    def prove(self, label, pairs, start, log, only=None):
        """Each cut of `log`, then second cuts in the recoveries; all of it again with the write half done."""
        for torn in (False, True):
            kind = "torn " + label if torn else label
            lengths = []
            for _ in self.cuts(start, log, torn):
                lengths.append(len(self.check("%s %d" % (kind, len(lengths) + 1), only)))
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
                image = self.board.save()
                recovery = self.board.record(self.board.start)
                for at in self.cuts(image, recovery, torn, seconds):
                    self.check("%s %d, recovery %d" % (kind, number, at + 1), only)

    def choose(self, total, wanted):
        """Which of `total` pairs of cuts are made; all, when 0 are wanted."""
        if not wanted or wanted >= total:
            return set(range(total))
        random.seed(SEED)
        chosen = set()
        while len(chosen) < wanted:
            chosen.add(random.randrange(total))
        return chosen

    def place_and_damage(self, old, update):
        """The files are in their places, the journal does not say so yet, and one of them is not what it has to be."""
        for number in range(len(update), 0, -1):
            self.board.cut(old, update, number, False)
            self.board.mount_all()
            from airwaybill_boot.change import Change

            change = Change({"flash": "/flash", "sd": "/sd"})
            if change.load() and change.journal["state"] == "placing":
                break
        with open("/flash/main.py", "ab") as file:
            file.write(b"#")

    def run(self):
        board = self.board
        self.fresh()
        old = board.save()
        board.start()
        update = board.record(lambda: self.update("1.0.1"))
        trial = board.save()
        if not self.boot_py:  # until it is confirmed, nothing of this is different
            self.prove("update", self.pairs, old, update)

        board.load(trial)
        # Mounted, and not started: that would count a start, which the cut states then lack.
        board.mount_all()
        self.prove("confirm", self.pairs // 5, trial, board.record(self.confirm), "1.0.1")

        if self.boot_py:
            return
        board.load(trial)
        for _ in range(2):
            board.start()
        last = board.save()
        self.prove("rollback", self.pairs // 5, last, board.record(board.start), "1.0.0")

        self.place_and_damage(old, update)
        placed = board.save()
        self.prove("undo", self.pairs // 5, placed, board.record(board.start), "1.0.0")


if __name__ == "__main__":
    boot_py = sys.argv[-1] == "boot_py"
    proof = Cuts(*sys.argv[1:4], int(sys.argv[4]), boot_py)
    proof.run()
    name = "%s%s, %d flash states" % (proof.kind, ", boot_py" if boot_py else "", len(proof.states))
    counts = tuple(proof.counts[key] for key in ("cuts", "old", "new", "bad"))
    print("%s: %d cuts, %d old, %d new, %d bad" % ((name,) + counts))
    sys.exit(1 if proof.counts["bad"] else 0)
