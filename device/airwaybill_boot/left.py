"""What is left to do on a mount that is away, or fails: waybill/left, a plan that is about it alone."""

from . import ERESTART, TRIES, json, once
from .clear import CRASHES
from .files import FORMAT, Writing, error_text, read_record, remove, write_record
from .mounts import missing
from .sealed import PLAN, Sealed
from .trees import remove_tree


def leave(change, away):
    # Keeps the part of the plan that is about these mounts, as waybill/left.
    kinds = "ARDX" if change.journal["state"] == "back" and change.journal["begun"] else ""
    mounts = {name: change.head["mounts"][name] for name in away}
    remove(change.home + "/starts")  # of what was left before
    head = {"format": FORMAT, "id": change.journal["id"], "placed": change.journal["placed"], "mounts": mounts}
    with Writing(change.home + "/left", "w") as target:
        sealed = Sealed(target)
        sealed.write(PLAN)
        sealed.write(json.dumps(head) + "\n")
        with open(change.plan) as source:
            for line in source:
                if line[0] in kinds and line[:-1].split(" ", 5)[5].split("/")[0] in mounts:
                    sealed.write(line)
        sealed.seal()


def take_left(change):
    # Does on a mount that is back what was left to do there. Whether the board has to start again, which it may three
    # times.
    path = change.home + "/left"
    starts = change.home + "/starts"
    count = (read_record(starts) or {"count": 0})["count"]
    change.start_journal("", "", "back")
    change.journal["starts"] = CRASHES if count >= TRIES else 0
    try:
        done = finish(change, path)
    except OSError as error:
        if error.args[0] != ERESTART:
            raise
        write_record(starts, {"count": count + 1})
        return True
    if done:
        remove(starts)
        remove(path)
    return False


def finish(change, path):
    # Whether all is done.
    if once("loading", "open_plan", change, path):
        change.journal["placed"] = change.head["placed"]
        if not missing(change):
            once("restore", "restore", change)
        if missing(change):
            return False
        for name, copies in change.head["mounts"].items():
            try:
                remove_tree(change.staging(name))
            except OSError as error:
                change.error = "left: %s: %s" % (name, error_text(error))
                if not copies and change.journal["starts"] < CRASHES:  # see `clear.rmdir`
                    raise OSError(ERESTART, change.error)
                return False
    return True


END = True
