"""One start of the board in the middle of a change: it is counted, and what is to be done is found."""

from . import again, machine, once, time
from .change import Change, firmware_of
from .files import Damaged

SOFT_MS = 10000  # a start so long after the power came is a soft reset
STEPS = {"trial": ("trial", "go_on"), "back": ("back", "back"), "confirm": ("confirm", "confirm")}


def begin(mounts, names, count, wakes):
    # (part, function, change) of what is to be done; `names` is what lies in waybill/.
    change = Change(mounts)
    if "journal" in names or "journal.new" in names:
        return "start", "old", change
    try:
        found = again(change.load)
    except Damaged:
        once("end", "give_up", change)
        raise
    if not found:
        return "left", "start", change
    if change.head and change.head["firmware"]:
        firmware_of(change.head).keep("old" if change.journal["state"] == "back" else "new")
    count_start(change, is_start if count is None else count, wakes)
    if not change.head:  # its plan is away: this is the end of what it was
        return "left", "start", change
    return STEPS.get(change.journal["state"], ("forward", "forward")) + (change,)


def count_start(change, count, wakes):
    # Counts this start, unless the program has not started anew (D15).
    journal = change.journal
    if journal["state"] == "trial":
        if callable(count):
            count = not journal["sleeps"] and count()
        journal["starts" if count or journal["wakes"] >= wakes else "wakes"] += 1
    else:
        journal["starts"] += 1
    journal["sleeps"] = False
    change.save()


def is_start():
    # Whether the program has started anew: no wake from deep sleep, no soft reset of a development tool (D15).
    if hasattr(machine, "SOFT_RESET"):
        return machine.reset_cause() not in (machine.SOFT_RESET, getattr(machine, "DEEPSLEEP_RESET", None))
    # RP2040 does not tell, but its clock goes on over a soft reset.
    return time.ticks_ms() < SOFT_MS


def old(change):
    # A client of the first edition has begun this one.
    import airwaybill_old

    return airwaybill_old.start(change.mounts)


END = True
