"""The end of a change, for good or ill."""

import sys

from . import json, os
from .change import PLAN
from .files import FORMAT, make_directories, parent, remove, stat, write_record
from .sealed import Sealed
from .steps import entries
from .trees import copy, error_text, is_file, put, remove_tree

base = sys.modules[__name__[: __name__.rfind(".")]]

RECOVERY, BEFORE = "/airwaybill_boot", "/airwaybill_before"
FIRST = "/__init__.py"  # without it a directory is no package


def confirm(change):
    """The release on trial is to stay, says the journal."""
    change.spend()
    change.settle("flash")
    place_starters(change)
    record = change.staging("flash") + "/files"
    if stat(record):
        put(record, change.home + "/files", True)
    remove(change.home + "/report")
    end(change)


def place_starters(change):
    """What starts the device. While files of the recovery change it has no __init__.py, so that OTA.py takes the one
    before."""
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
    for name in list(sys.modules):  # what is imported from here on is all of one recovery
        if first and name.startswith((RECOVERY[1:], "airwaybill.")):
            del sys.modules[name]


def keep_recovery(change, package):
    """Copies the recovery as it is, before any of it is replaced; where to."""
    before = package[: -len(RECOVERY)] + BEFORE
    if not change.journal["kept"]:
        if base.__name__ == RECOVERY[1:]:  # else it is the one before that runs, and stays
            make_directories(before)
            for name in os.listdir(package) if stat(package) else ():
                if is_file(package + "/" + name):
                    copy(package + "/" + name, before + "/" + name)
        change.journal["kept"] = True
        change.save()
    return before


def end(change):
    """Removes all that the change has needed; on a mount that is away, once that is back."""
    for name in change.head["mounts"] if change.head else ():
        try:
            if change.is_mounted(name):
                change.settle(name)
        except OSError:
            if name == "flash":
                raise
            change.failing.append(name)
    missing = change.head and change.missing()
    if missing:
        leave(change, missing)
    change.spend()
    for name in ("/plan", "/fetch", "/image"):
        remove(change.home + name)
    if change.journal["id"]:  # before the files, or the next start would do again what can only be done with them
        remove(change.staging("flash") + "/plan")
    for name in change.mounts:
        if change.journal["id"] and change.is_mounted(name):
            try:
                remove_tree(change.staging(name))
            except OSError as error:  # it only takes room, until the next update
                change.error = error_text(error)
    for past in (1, 0):
        remove("%s/journal%d" % (change.home, (change.journal["seq"] + past) % 2))
    return False


def leave(change, missing):
    """Keeps the part of the plan that is about these mounts, as waybill/left."""
    kinds = "ARDX" if change.journal["state"] == "back" and change.journal["begun"] else ""
    mounts = {name: change.head["mounts"][name] for name in missing}
    head = {"format": FORMAT, "id": change.journal["id"], "placed": change.journal["placed"], "mounts": mounts}
    with open(change.home + "/left", "w") as target:
        sealed = Sealed(target)
        sealed.write(PLAN)
        sealed.write(json.dumps(head) + "\n")
        with open(change.plan) as source:
            for line in source:
                if line[0] in kinds and line[:-1].split(" ", 5)[5].split("/")[0] in mounts:
                    sealed.write(line)
        sealed.seal()


def take_left(change):
    """Does on a mount that is back what was left to do there."""
    path = change.home + "/left"
    change.start_journal("", "", "back")
    if change.open_plan(path):
        change.journal["placed"] = change.head["placed"]
        if not change.missing():
            base.part("back").restore(change)
        if change.missing():
            return
        for name in change.head["mounts"]:
            remove_tree(change.staging(name))
    remove(path)


def give_up(change):
    """The plan is lost. A release on trial stays; where it may not be whole, the device knows no version from here on,
    and the next update() brings all that differs."""
    if change.journal["state"] not in ("trial", "confirm"):
        remove(change.home + "/files")
        remove(change.home + "/version")
    write_record(change.home + "/report", {"error": "plan_damaged", "weight": 0, "digest": None, "version": None})
    end(change)


END = True
