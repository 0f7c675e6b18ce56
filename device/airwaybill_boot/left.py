"""What is left to do on a mount that is away, or fails: waybill/left, a plan that is about it alone."""

from . import ERESTART, TRIES, json, once
from .clear import CRASHES
from .files import CORRUPT, FORMAT, Damaged, Writing, error_text, read_record, remove, stat, write_record
from .mounts import missing, spend
from .sealed import PLAN, Sealed, open_sealed
from .trees import remove_tree

# A record of how often the board has started anew for it, and whether all files are where they were.
UNDONE = "/undone"


def leave(change, away):
    # Keeps the part of the plan that is about these mounts, as waybill/left.
    begun = change.journal["state"] == "back" and change.journal["begun"]
    mounts = {name: change.head["mounts"][name] for name in away}
    remove(change.home + UNDONE)
    head = {"format": FORMAT, "id": change.journal["id"], "placed": change.journal["placed"], "mounts": mounts}
    head["begun"] = begun
    with Writing(change.home + "/left", "w") as target:
        sealed = Sealed(target)
        sealed.write(PLAN)
        sealed.write(json.dumps(head) + "\n")
        with open(change.plan) as source:
            for line in source:
                if begun and line[0] in "ARDX" and line[:-1].split(" ", 5)[5].split("/")[0] in mounts:
                    sealed.write(line)
        sealed.seal()


def start(change):
    # At a start, after the end of a change whose plan is away. Whether the board has to start again: three times.
    if change.journal and once("end", "end", change):
        return True
    if not stat(change.home + "/left"):
        return False
    try:
        take_left(change)
    except OSError as error:
        record = undone(change)
        if error.args[0] != ERESTART or record["starts"] >= TRIES:
            raise
        record["starts"] += 1
        write_record(change.home + UNDONE, record)
        return True
    return False


def undone(change):
    return read_record(change.home + UNDONE) or {"starts": 0, "restored": False}


def take_left(change):
    # Does on a mount that is back what was left to do there.
    record = undone(change)
    change.start_journal("", "", "back")
    change.journal["starts"] = CRASHES if record["starts"] >= TRIES else 0
    if not open_left(change):
        return
    if not record["restored"]:
        change.journal["placed"] = change.head["placed"]
        spend(change.mounts)
        if change.head["begun"] and not missing(change):
            once("restore", "restore", change)
    if missing(change):  # it is away, fails, or is another device's
        change.error = "left: " + ", ".join(missing(change))
        return
    if not record["restored"]:
        record["restored"] = True
        write_record(change.home + UNDONE, record)
    for name, copies in change.head["mounts"].items():
        try:
            remove_tree(change.staging(name))
        except OSError as error:
            change.error = "left: %s: %s" % (name, error_text(error))
            if not copies and change.journal["starts"] < CRASHES:  # see `clear.rmdir`
                raise OSError(ERESTART, change.error)
            return
    remove(change.home + "/left")
    remove(change.home + UNDONE)


def drop_half(change):
    # A cut has ended the writing of it, and the mount is back.
    path = change.home + "/left"
    if not open_sealed(path, PLAN):
        remove(path)


def open_left(change):
    # Whether it is whole. Without it the device does not know what the mount has.
    try:
        found = once("loading", "open_plan", change, change.home + "/left")
    except Damaged:
        found = False
    except OSError as error:
        if error.args[0] != CORRUPT:
            raise
        found = False
    if not found:
        remove(change.home + "/left")
        once("end", "give_up", change)
    return found


END = True
