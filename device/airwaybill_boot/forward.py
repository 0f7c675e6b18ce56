"""The way forward. Each step can be cut short anywhere, and done again."""

from . import TRIES, again, os
from .change import ENODEV, FAILED, REFUSED, STARTS, firmware_of
from .files import Damaged, make_directories, parent, stat
from .spare import keep_spares
from .steps import entries
from .trees import clear, copy, digest_if_there, error_text, is_directory, is_file, put

CRASHES = 20  # starts that end in the middle of an installation before it is taken back


def forward(change):
    """From the journal to the trial. Whether the board has to start again."""
    journal = change.journal
    if journal["tries"] >= TRIES or journal["starts"] > CRASHES:
        return change.roll_back(journal["reason"] or "not_installed", FAILED)
    try:
        if journal["state"] == "install":
            missing = change.missing()
            if missing:
                failed(change, "mount_missing: " + missing[0])
                return False  # nothing has changed: the old release goes on
            if change.head["firmware"] and not firmware_of(change.head).runs("new"):
                return switch(change)
            change.spend()
            again(lambda: check(change))
            journal["begun"] = True
            change.enter("placing")
        again(lambda: place(change))
        with open(change.home + "/version", "w") as file:
            file.write(change.head["to"])
    except OSError as error:
        return failed(change, error_text(error))
    except Damaged as error:
        return change.roll_back(str(error), FAILED)
    journal.update({"placed": True, "starts": 0, "reason": None})
    change.enter("trial")
    keep_spares(change)
    return True


def failed(change, reason):
    """It is tried again at the next start; after three the way back is taken."""
    change.error = change.journal["reason"] = reason
    change.journal["tries"] += 1
    change.save()
    return True


def switch(change):
    """Has the boot loader start the new firmware. Counted before: it may go back to the old one each time (D12)."""
    firmware = firmware_of(change.head)
    if change.journal["switched"] >= TRIES:
        return change.roll_back("firmware_reverted", STARTS)
    if change.journal["starts"] and not firmware.lasts:
        return change.roll_back("firmware_interrupted", 0)
    change.journal["switched"] += 1
    change.save()
    try:
        firmware.switch("new")
    except OSError as error:
        return change.roll_back("firmware_invalid: " + error_text(error), REFUSED)
    return True


def check(change):
    """That all is as it was planned, before anything changes."""
    shard = None
    for kind, copies, _, _, path, new, old in entries(change, "ARDB"):
        if parent(new) != shard:  # one look at the directory: littlefs reads all of it for each file
            shard = parent(new)
            names = os.listdir(shard) if stat(shard) else ()
        for wanted, kinds in ((new, "ARB"), (old, "RD" if copies else "")):
            if kind in kinds and wanted[len(shard) + 1 :] not in names:
                raise Damaged("changed: " + wanted)
        if kind != "B" and is_file(path) != (kind != "A"):
            raise Damaged("changed: " + path)


def place(change):
    """Where files are renamed into place, each old one is copied when its turn comes: one at a time, that takes no more
    room than the largest. Nothing is renamed out of the live directories: see `Change.settle`."""
    if change.missing():
        raise OSError(ENODEV, change.missing()[0])
    for name in change.head["mounts"]:
        change.settle(name)
    for _, copies, levels, _, path, _, old in entries(change, "D"):
        if is_file(path):
            if not copies:
                copy(path, old)
            os.remove(path)
        clear(path, levels, copies)
    for _, _, _, _, path, _, _ in entries(change, "X"):
        if is_directory(path):
            os.rmdir(path)
    made = None
    for kind, copies, _, digest, path, new, old in entries(change, "AR"):
        waits = digest_if_there(new)
        if (waits or digest_if_there(path)) != digest:
            raise Damaged("changed: " + path)
        if waits:
            if kind == "R" and not copies:
                copy(path, old)
            if parent(path) != made:
                made = parent(path)
                make_directories(made)
            put(new, path, copies)


END = True
