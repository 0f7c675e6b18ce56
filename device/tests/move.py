"""A device of the first edition comes to the second by one release, and the power goes at every write of that.

`micropython move.py FIRST SECOND FILESYSTEM boot_py|client EVERY ON`: directories with the client's files. Each EVERYth
cut is made and judged, before a write and in the middle of it; each ONth of these devices then goes on to the release
after that. Prints counts, and the cuts that ended badly by the file that was half written, as JSON.
"""

import json
import os
import sys

sys.path[:0] = [__file__.rsplit("/", 1)[0] + below for below in ("", "/model")]

import boards
from proof import BOOT, Proof
from tree import read_tree

boards.SIMULATOR += ("move",)
OWN = {"flash/config.py": b"KEY = 1\n", "flash/lib/sensors/own.py": b"MINE = 1\n", "sd/log.txt": b"a day\n"}
# On FAT, these are copied over when boot_py=True says so.
FACES = ("flash/boot.py", "flash/lib/OTA.py")


def sources(directory, prefix, found, names=None):
    for entry in os.ilistdir(directory):
        if names is None or entry[0] in names:
            if entry[1] & 0x4000:
                sources(directory + "/" + entry[0], prefix + entry[0] + "/", found)
            elif entry[0].endswith(".py"):
                with open(directory + "/" + entry[0], "rb") as file:
                    found[prefix + entry[0]] = file.read()
    return found


def releases(first, second, kind, boot_py):
    """1.0.0 has the client's first edition. 1.0.1 brings the second; to devices that keep their OTA.py (FAT, without
    boot_py) nothing of it, and files of the application alone. 1.0.2 is a release like any other."""
    client = sources(first, "flash/lib/", {})
    names = ("OTA.py", "airwaybill_old.py", "airwaybill", "airwaybill_boot")
    old = {"flash/boot.py": BOOT, "flash/main.py": b"V = 0\n", "flash/lib/app_a.py": b"A = 0\n", "sd/a.txt": b"0\n"}
    new = {"flash/boot.py": BOOT, "flash/main.py": b"V = 1\n", "flash/lib/app_a.py": b"A = 1\n", "sd/b.txt": b"1\n"}
    if boot_py:
        new["flash/boot.py"] = b"# 1.0.1\n" + BOOT
    old.update(client)
    new.update(client if kind == "FAT" and not boot_py else sources(second, "flash/lib/", {}, names))
    later = dict(new)
    later["flash/main.py"] = b"V = 2\n"
    later["flash/lib/new_lib.py"] = b"N = 2\n"
    return {"1.0.0": old, "1.0.1": new, "1.0.2": later}


class Move(Proof):
    def __init__(self, first, second, kind, boot_py, every, on):
        trees = releases(first, second, kind, boot_py)
        # The first edition marks no firmware valid but the new one: a boot loader that asks for it undoes its way back.
        firmware = {"1.0.2": "1.0.1"}
        super().__init__(kind, trees, OWN, firmware, "esp32, no rollback", boot_py)
        self.every = every
        self.on = on
        self.counts["went on"] = 0
        self.counts["remnants"] = 0
        self.faced = kind == "FAT" and boot_py
        self.half = {}  # by the path that was half written: how many ended badly for that

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
        tree = {path: data for path, data in read_tree().items() if not path.upper().endswith(beside)}
        return self.compare(tree, version)

    def compare(self, tree, version):
        wanted = dict(self.trees[version])
        wanted.update(OWN)
        for path in sorted(set(wanted) | set(tree)):
            if path not in wanted and self.is_remnant(path, tree[path]):
                self.counts["remnants"] += 1
            elif tree.get(path) != wanted.get(path):
                return "%s: %s %s" % (version, path, "differs" if path in tree and path in wanted else path in tree)
        return version + ": another firmware" if self.firmware_differs(version) else None

    def is_remnant(self, path, data):
        """Whether it is a file of 1.0.0 under its short name: FAT removes a long name in two writes where its entries
        lie in two sectors, and the first edition is cut between them."""
        directory, name = path.rsplit("/", 1)
        start = directory + "/" + name.lower().split("~")[0]
        old = self.trees["1.0.0"]
        return self.kind == "FAT" and "~" in name and any(each.startswith(start) and old[each] == data for each in old)

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
                self.server.target = self.releases["1.0.1"]
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
        wrong = self.compare(read_tree(), version)
        if wrong:
            return "confirmed %s" % wrong
        more = [name for name in os.listdir("/flash/waybill") if name not in ("files", "version")]
        return "confirmed %s, and waybill/ has %r" % (version, more) if more else None

    # The power goes

    def half_written(self):
        """The face that is neither the old nor the new one, on the board as the cut has left it."""
        self.board.mount_all()
        for path in FACES:
            try:
                with open("/" + path, "rb") as file:
                    data = file.read()
            except OSError:
                data = None
            if data not in (self.trees["1.0.0"][path], self.trees["1.0.1"][path]):
                return path
        return None

    def prove(self, label, image, writes, only=None):
        """Each cut, and each again with the write half done: one of `every` of these."""
        for torn in (False, True):
            for number in self.cuts(image, writes, torn):
                if (2 * number + torn) % self.every == 0:
                    self.check("%s %d%s" % (label, number, " torn" if torn else ""), only)

    def check(self, label, only):
        self.note_state()
        image = self.board.save()
        version = None
        try:
            self.board.start()
            wrong = self.wrong(only)
            version = self.version()
            if not wrong and self.counts["cuts"] % self.on == 0:
                self.counts["went on"] += 1
                wrong = self.go_on()
        except Exception as error:
            wrong = repr(error)
            if not self.faced:
                sys.print_exception(error)
        if wrong:
            self.board.load(image)
            path = self.half_written() if self.faced else None
            if path:
                self.counts["cuts"] += 1
                self.half[path] = self.half.get(path, 0) + 1
                return
        self.count(label, wrong, version)

    def run(self):
        board = self.board
        self.fresh()
        old = board.save()
        board.start()
        update = board.record(lambda: self.update("1.0.1"))
        trial = board.save()
        self.prove("update", old, update)

        board.load(trial)
        starts = board.record(board.start)
        self.prove("start", trial, starts, "1.0.1")

        board.load(trial)
        board.mount_all()
        confirm = board.record(lambda: self.ota().confirm())
        self.prove("confirm", trial, confirm, "1.0.1")

        board.load(trial)
        for _ in range(2):
            board.start()
        last = board.save()
        self.prove("back", last, board.record(board.start), "1.0.0")


if __name__ == "__main__":
    first, second, kind, what, every, on = sys.argv[1:]
    proof = Move(first, second, kind, what == "boot_py", int(every), int(on))
    proof.run()
    proof.counts["flash states"] = len(proof.states)
    print(json.dumps({"counts": proof.counts, "half": proof.half}))
