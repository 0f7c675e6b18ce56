"""What there is of a change on flash: its journal, and its plan."""

from .files import CORRUPT, FORMAT, Damaged, read_record, stat
from .sealed import PLAN, open_sealed


def load(change):
    # Whether there is a change under way.
    change.journal = None
    lost = False
    for name in ("/journal0", "/journal1"):
        if stat(change.home + name):
            lost = True
            record = read_record(change.home + name)
            if record and (not change.journal or record["seq"] > change.journal["seq"]):
                change.journal = record
    if lost and not change.journal:  # with a plan beside it, back to what was (D10)
        change.start_journal("", "", "back")
        change.journal["reason"] = "journal_lost"
    return lost and find_plan(change)


def find_plan(change):
    # Opens the plan, or its copy. Without both the change has come to its end, unless it was being placed.
    change.head = None
    damaged = change.journal["state"] == "placing"
    places = [change.home]
    if change.journal["id"]:
        places.append(change.staging("flash"))
    for place in places:
        try:
            found = open_plan(change, place + "/plan")
        except OSError as error:
            if error.args[0] != CORRUPT:
                raise
            found = False
        if found:
            return True
        damaged = damaged or found is False
    if damaged:
        raise Damaged("plan_damaged")
    return True


def open_plan(change, path):
    # False for a damaged plan, None where there is none.
    found = open_sealed(path, PLAN)
    if not found or change.journal["plan"] not in ("", found[1]):
        return found and False
    change.head = found[0]
    if change.head["format"] != FORMAT:
        raise Damaged("%s has format %s" % (path, change.head["format"]))
    change.journal["id"] = change.head["id"]
    change.plan = path
    return True


END = True
