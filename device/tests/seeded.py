"""Builds of the client that are wrong in one place. The model tester has to find each in its bounded run; one that it
misses is a fault of the tester."""

from __future__ import annotations

from typing import NamedTuple


class Bug(NamedTuple):
    """`old` stands in `file` exactly once, and `new` in its place is the bug. `kind` and `features` are what a run
    takes to find it, `rounds` at most."""

    name: str
    file: str
    old: str
    new: str
    kind: str = "littlefs"
    features: str = "cut,torn"
    rounds: int = 40


BUGS = (
    Bug(
        "the journal is written when the files are in place",
        "OTA.py",
        "        if written:\n            self._save(journal)\n",
        "",
    ),
    Bug(
        "no backups on FAT",
        "OTA.py",
        "                        copy(path, path + BAK)\n                journal",
        "                        pass\n                journal",
        kind="FAT",
    ),
    Bug("starts are not counted", "OTA.py", "journal[counter] = count + 1", "journal[counter] = count", features=""),
    Bug(
        "the new firmware is not marked valid",
        "OTA.py",
        "                Partition.mark_app_valid_cancel_rollback()\n",
        "                pass\n",
        features="firmware",
    ),
    Bug(
        "a file in place of another goes by the shorter way on FAT too",
        "OTA.py",
        "        copy(source, target)\n        remove(source)\n    else:\n        os.rename(source, target)\n",
        "        remove(target)\n    os.rename(source, target)\n",
        kind="FAT",
    ),
    Bug(
        "what the release has brought stays when it goes",
        "OTA.py",
        '        elif kind == "A":\n            remove(path)\n',
        '        elif kind == "A":\n            pass\n',
        features="",
    ),
)
