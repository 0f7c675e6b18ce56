"""What is left to do on a mount that is away, or fails: waybill/left, a plan that is about it alone."""

from . import json, once
from .files import FORMAT, Writing, error_text, remove
from .mounts import missing
from .sealed import PLAN, Sealed
from .trees import remove_tree


def leave(change, away):
    # Keeps the part of the plan that is about these mounts, as waybill/left.
    kinds = "ARDX" if change.journal["state"] == "back" and change.journal["begun"] else ""
    mounts = {name: change.head["mounts"][name] for name in away}
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
    # Does on a mount that is back what was left to do there.
    path = change.home + "/left"
    change.start_journal("", "", "back")
    if once("loading", "open_plan", change, path):
        change.journal["placed"] = change.head["placed"]
        if not missing(change):
            once("restore", "restore", change)
        if missing(change):
            return
        for name in change.head["mounts"]:
            try:
                remove_tree(change.staging(name))
            except OSError as error:
                change.error = "left: %s: %s" % (name, error_text(error))
                return
    remove(path)


END = True
