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
        '        again(lambda: base.once("place", "place", change))\n',
        '        change.enter("trial")\n        again(lambda: base.once("place", "place", change))\n',
    ),
    Bug(
        "a state is in one of the two journal files alone",
        "a damaged journal file loses no state",
        "airwaybill_boot/change.py",
        "        self.save()\n        self.save()\n",
        "        self.save()\n",
        features="cut,damage",
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
        seed=10,
    ),
    Bug(
        "an image is not read back",
        "an image is read back from the partition before it is made bootable",
        "airwaybill/firmware.py",
        "        digest = new_sha1()\n        for at in range",
        "        return self.sha1\n        digest = new_sha1()\n        for at in range",
        features="rot",
        seed=1,
    ),
    Bug(
        "a read error is taken for no file",
        "only ENOENT means absent",
        "airwaybill_boot/files.py",
        "        return os.stat(path)\n    except OSError as error:\n        if error.args[0] in ABSENT:\n",
        "        return os.stat(path)\n    except OSError as error:\n        if error:\n",
        kind="FAT",
        features="read",
        seed=1,
    ),
    Bug(
        "the spare room is not made again when a trial starts",
        "the way back has its room at each start of a trial",
        "airwaybill_boot/trial.py",
        '    return not keep_spares(change) and change.roll_back("space", FAILED)\n',
        "    return False\n",
        kind="FAT",
        features="cut,fill",
        seed=8,
    ),
    Bug(
        "the old firmware is not marked valid when it is back",
        "the way back ends with the old image marked valid",
        "airwaybill_boot/start.py",
        'keep("old" if change.journal["state"] == "back" else "new")',
        'keep("new")',
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
        "        copy(source, target)\n        os.remove(source)\n",
        "        base.part('files').remove(target)\n        os.rename(source, target)\n",
        kind="FAT",
        seed=9,
    ),
    Bug(
        "the record of what the device has is not asked what goes",
        "what goes is the record without the release",
        "airwaybill/plan.py",
        'goes = ("record" in found or "before" in found) and',
        'goes = "before" in found and',
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
)
