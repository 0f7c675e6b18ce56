"""The end of a change, for good or ill."""

from . import once
from .files import error_text, remove, stat, write_record
from .mounts import is_mounted, lose, missing, settle, spend
from .trees import remove_tree


def end(change):
    # Removes all that the change has needed; on a mount that is away, once that is back. Whether the board has to start
    # again for the rest: see `clear.rmdir`. Without its plan this is that start.
    for name in change.head["mounts"] if change.head else ():
        try:
            if is_mounted(change.mounts, name):
                settle(change, name)
        except OSError:
            if name == "flash":
                raise
            lose(change, name)
    away = change.head and missing(change)
    if away:
        once("left", "leave", change, away)
    elif change.head and stat(change.home + "/left"):
        once("left", "drop_half", change)
    spend(change.mounts)
    for name in ("/plan", "/fetch", "/image"):
        remove(change.home + name)
    if change.journal["id"]:  # before the files, or the next start would do again what can only be done with them
        remove(change.staging("flash") + "/plan")
    waits = not change.head and stat(change.home + "/left")  # what it needs on another mount
    for name in change.mounts:
        if change.journal["id"] and is_mounted(change.mounts, name) and (name == "flash" or not waits):
            try:
                remove_tree(change.staging(name))
            except OSError as error:  # it only takes room, until the next update
                change.error = error_text(error)
                if change.head and not change.head["mounts"].get(name, True):
                    return True
    for past in (1, 0):
        remove("%s/journal%d" % (change.home, (change.journal["seq"] + past) % 2))
    return False


def give_up(change):
    # The plan is lost. A release on trial stays; where it may not be whole, the device knows no version from here on,
    # and the next update() brings all that differs.
    if not change.journal:  # of another format
        change.start_journal("", "", "back")
    if change.journal["state"] not in ("trial", "confirm"):
        remove(change.home + "/files")
        remove(change.home + "/version")
    write_record(change.home + "/report", {"error": "plan_damaged", "weight": 0, "digest": None, "version": None})
    end(change)


END = True
