"""Builds of the client that are wrong in one place. The model tester has to find each in its bounded run; one that it
misses is a fault of the tester."""

from __future__ import annotations

from typing import NamedTuple


class Bug(NamedTuple):
    """`old` stands in `file` exactly once, and `new` in its place is the bug, against the rule `rule` of the device
    client's design. `kind` and `features` are what a run takes to find it, in `rounds` from `seed` on."""

    name: str
    rule: str
    file: str
    old: str
    new: str
    kind: str = "littlefs"
    features: str = "cut,torn"
    seed: int = 1
    rounds: int = 20


BUGS = (
    Bug(
        "the journal says trial before the files are in place",
        "the journal is never ahead of the files",
        "airwaybill_boot/forward.py",
        '        again(lambda: once("place", "place", change))\n',
        '        change.enter("trial")\n        again(lambda: once("place", "place", change))\n',
    ),
    Bug(
        "a state is in one of the two journal files alone",
        "a damaged journal file loses no state",
        "airwaybill_boot/change.py",
        "        self.save()\n        self.save()\n",
        "        self.save()\n",
        features="cut,damage",
        seed=4,
    ),
    Bug(
        "a staged file is placed whatever its hash",
        "recovery hashes each staged file before it is placed",
        "airwaybill_boot/place.py",
        "        if (waits or digest_if_there(path)) != digest:\n",
        "        if not (waits or digest_if_there(path)):\n",
        features="cut,spoil",
        seed=2,
    ),
    Bug(
        "on the way back a copy is taken that may be half of it",
        "the old file is the one that is whole",
        "airwaybill_boot/restore.py",
        "        return  # it is still there, and its copy may be half of it\n",
        "        pass\n",
        features="cut,torn,spoil",
        seed=7,
    ),
    Bug(
        "a file that the way back has not copied to its end is taken for the one that was there",
        "a new file on littlefs is empty until it is closed",
        "airwaybill_boot/restore.py",
        'if kind == "R" else is_whole(path, old)',
        'if kind == "R" else is_file(path)',
        features="cut,spoil,large",
        seed=14,
    ),
    Bug(
        "what an interrupted download has left is counted twice",
        "what has come needs no more room",
        "airwaybill/adopt.py",
        'blocks = room["new"] - there',
        'blocks = room["new"]',
        features="resume,dirs,mpy,single,large",
        seed=13,
    ),
    Bug(
        "another device's card is taken for the device's own",
        "a card from another device is not taken for one's own",
        "airwaybill_boot/restore.py",
        "        if not is_own(change, name):\n            lose(change, name)\n",
        "",
        features="card,own",
    ),
    Bug(
        "the room on a card is not given up for what is left to do there",
        "what the way back needs at once is kept",
        "airwaybill_boot/left.py",
        '        spend(change.mounts)\n        if change.head["begun"]',
        '        if change.head["begun"]',
        features="card,fill,second",
    ),
    Bug(
        "a card without room for a directory is a card that fails",
        "room that turns out short is space",
        "airwaybill_boot/files.py",
        "raise OSError(ENOSPC) if error.args[0] == EACCES else error",
        "raise error",
        kind="FAT",
        features="full",
        seed=10,
    ),
    Bug(
        "an image is not read back",
        "an image is read back from the partition before it is made bootable",
        "airwaybill/firmware.py",
        "        digest = digest_like(self.digest)\n        for at in range",
        "        return self.digest\n        digest = digest_like(self.digest)\n        for at in range",
        features="rot",
    ),
    Bug(
        "a read error is taken for no file",
        "only ENOENT means absent",
        "airwaybill_boot/files.py",
        "        return os.stat(path)\n    except OSError as error:\n        if error.args[0] in ABSENT:\n",
        "        return os.stat(path)\n    except OSError as error:\n        if error:\n",
        kind="FAT",
        features="read",
        seed=4,
    ),
    Bug(
        "the spare room is not made again when a trial starts",
        "the way back has its room at each start of a trial",
        "airwaybill_boot/trial.py",
        '    return not keep_spares(change) and change.roll_back("space", FAILED)\n',
        "    return False\n",
        kind="FAT",
        features="cut,fill,large",
        seed=105,
    ),
    Bug(
        "the old firmware is not marked valid when it is back",
        "the way back ends with the old image marked valid",
        "airwaybill_boot/firmware.py",
        "if self.runs(side) and self.boots(side):",
        'if side == "new" and self.runs(side) and self.boots(side):',
        features="firmware",
        seed=5,
    ),
    Bug(
        "the files of a card are staged on flash",
        "each mount has what is to come and what was",
        "airwaybill_boot/steps.py",
        "change.staging(name)",
        'change.staging("flash")',
        features="card",
        seed=8,
    ),
    Bug(
        "on FAT a file takes the place of another by a rename",
        "a rename on FAT that is cut short leaves two names for one file",
        "airwaybill_boot/content.py",
        "        copy(source, target, fat)\n        os.remove(source)\n",
        "        from .files import remove\n        remove(target)\n        os.rename(source, target)\n",
        kind="FAT",
        seed=23,
    ),
    Bug(
        "the record of what the device has is not asked what goes",
        "what goes is the record without the release",
        "airwaybill/goes.py",
        'goes = ("record" in sources or "before" in sources) and',
        'goes = "before" in sources and',
        features="gone",
    ),
    Bug(
        "a tool's soft resets count as starts",
        "starts count when the program did",
        "airwaybill_boot/start.py",
        'count = not journal["sleeps"] and count()',
        "count = True",
        features="starts",
    ),
    Bug(
        "a copy feeds no watchdog",
        "the watchdog is fed at least every second",
        "airwaybill_boot/content.py",
        "            write(BUFFER[:count])\n            feed()\n",
        "            write(BUFFER[:count])\n",
        kind="FAT",
        features="large",
    ),
    Bug(
        "what FAT keeps of a long name is looked for among all names with a tilde",
        "a short name has eight characters before the dot",
        "airwaybill_boot/sweep.py",
        " and len(start) + len(number) <= 7\n",
        "\n",
        kind="FAT",
        features="short",
        seed=3,
    ),
    Bug(
        "the way back waits for a card that cannot be read any more",
        "the way back goes on with the other mounts when one of them fails",
        "airwaybill_boot/restore.py",
        '        if error and name != "flash":\n            lose(change, name)\n',
        '        if error and name != "flash":\n            change.error = error\n',
        features="dead",
        seed=15,
    ),
    Bug(
        "an image begins anew with each call",
        "the offset of an image outlives a call",
        "airwaybill/firmware.py",
        'self._go_to(found["offset"] if found.get("digest") == digest and found["part"] == info[4] else 0)',
        "self._go_to(0)",
        features="resume,firmware",
    ),
    Bug(
        "a file begins anew with each try",
        "what has come of a file stays",
        "airwaybill/sink.py",
        '        self.file = open(dest_path, "ab")\n',
        '        self.file = open(dest_path, "wb")\n',
        features="resume",
    ),
    Bug(
        "the old file is copied again when the new one is in its place",
        "what was is kept until the change has ended",
        "airwaybill_boot/place.py",
        '        if waits:\n            if kind == "R" and not copies:\n                copy(path, old)\n',
        '        if kind == "R" and not copies:\n            copy(path, old)\n        if waits:\n',
    ),
)
