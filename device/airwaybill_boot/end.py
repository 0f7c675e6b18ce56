"""The end of a change, for good or ill."""

import sys

from .files import error_text, remove, write_record
from .trees import remove_tree

base = sys.modules[__name__[: __name__.rfind(".")]]


def end(change):
    # Removes all that the change has needed; on a mount that is away, once that is back.
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
        base.once("left", "leave", change, missing)
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


def give_up(change):
    # The plan is lost. A release on trial stays; where it may not be whole, the device knows no version from here on,
    # and the next update() brings all that differs.
    if change.journal["state"] not in ("trial", "confirm"):
        remove(change.home + "/files")
        remove(change.home + "/version")
    write_record(change.home + "/report", {"error": "plan_damaged", "weight": 0, "digest": None, "version": None})
    end(change)


END = True
