"""One start of the board in the middle of a change."""

import sys

from . import HOME, again
from .change import FAILED, STARTS, Change, firmware_of
from .files import Damaged, stat
from .spare import keep_spares

base = sys.modules[__name__[: __name__.rfind(".")]]

TRIAL_STARTS = 3


def begin(mounts, count, wakes):
    """Counts this start, for boot(). What is to be done then, or None."""
    change = Change(mounts)
    try:
        found = again(change.load)
    except Damaged:
        base.part("end").give_up(change)
        raise
    if not found:
        return lambda: take_left(mounts)
    if change.head and change.head["firmware"]:
        firmware_of(change.head).keep("old" if change.journal["state"] == "back" else "new")
    count_start(change, count, wakes)
    return lambda: finish(change)


def finish(change):
    changed = act(change)
    if change.error:
        base.set_error(change.error)
    return changed or take_left(change.mounts)


def take_left(mounts):
    if stat("%s/%s/left" % (mounts["flash"], HOME)):
        base.part("end").take_left(Change(mounts))


def count_start(change, count, wakes):
    """Counts this start, unless the program has not started anew (D15)."""
    journal = change.journal
    if journal["state"] == "trial":
        if callable(count):
            count = not journal["sleeps"] and count()
        journal["starts" if count or journal["wakes"] >= wakes else "wakes"] += 1
    else:
        journal["starts"] += 1
    journal["sleeps"] = False
    change.save()


def act(change):
    """Does what the journal says. Whether files or firmware have changed, so that the board has to start again."""
    if change.head and change.journal["state"] == "trial":
        if change.head["firmware"] and firmware_of(change.head).runs("old"):
            return change.roll_back("firmware_reverted", STARTS)
        if change.journal["starts"] > TRIAL_STARTS:
            return change.roll_back("not_confirmed", STARTS)
        return not keep_spares(change) and change.roll_back("space", FAILED)
    if not change.head:  # its plan is away: this is the end of what it was
        return base.part("end").end(change)
    if change.journal["state"] == "back":
        return base.part("back").back(change)
    if change.journal["state"] == "confirm":
        return base.part("end").confirm(change)
    return base.part("forward").forward(change)


END = True
