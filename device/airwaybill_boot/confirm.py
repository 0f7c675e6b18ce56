"""The release on trial is to stay."""

import sys

from . import os, part
from .content import copy, put
from .end import end
from .files import is_file, make_directories, parent, remove, stat
from .mounts import settle, spend
from .steps import entries

RECOVERY, BEFORE = "/airwaybill_boot", "/airwaybill_before"
FIRST = "/__init__.py"  # without it a directory is no package


def confirm(change):
    part("left")  # before there are parts of another recovery
    spend(change.mounts)
    settle(change, "flash")
    try:
        place_starters(change)
        for name, copies in (("/signed.sig", True), ("/signed", change.head["mounts"]["flash"]), ("/files", True)):
            waits = change.staging("flash") + name
            if stat(waits):
                put(waits, change.home + name, copies)
        remove(change.home + "/report")
        return end(change)
    finally:
        if change.journal["kept"]:  # what is imported from here on is all of one recovery
            for name in list(sys.modules):
                if name.startswith(("airwaybill.", RECOVERY[1:])):
                    del sys.modules[name]


def place_starters(change):
    # What starts the device. While files of the recovery change it has no __init__.py, so that OTA.py takes the one
    # before.
    first = None  # what is to be that __init__.py, and where
    for _, _, _, _, path, new, _ in entries(change, "B"):
        package = parent(path)
        waits = stat(new)
        if package.endswith(RECOVERY):
            if not first:
                first = keep_recovery(change, package) + FIRST, package + FIRST
            if path == first[1]:
                first = new, path
                continue
            if waits:
                remove(first[1])
        if waits:
            make_directories(package)
            put(new, path, True)
    if first and stat(first[0]):
        copy(first[0], first[1])


def keep_recovery(change, package):
    # Copies the recovery as it is, before any of it is replaced; where to.
    before = package[: -len(RECOVERY)] + BEFORE
    if not change.journal["kept"]:
        if __name__.startswith(RECOVERY[1:]):  # else it is the one before that runs, and stays
            make_directories(before)
            for name in os.listdir(package) if stat(package) else ():
                if is_file(package + "/" + name):
                    copy(package + "/" + name, before + "/" + name)
        change.journal["kept"] = True
        change.save()
    return before


END = True
