"""The way forward. Each step can be cut short anywhere, and done again."""

from . import ERESTART, TRIES, again, once
from .change import firmware_of
from .clear import CRASHES
from .files import FAILED, REFUSED, STARTS, Damaged, Writing, error_text
from .mounts import missing, spend


def forward(change):
    # From the journal to the trial. Whether the board has to start again.
    journal = change.journal
    if journal["tries"] >= TRIES or journal["starts"] > CRASHES:
        return change.roll_back(journal["reason"] or "not_installed", FAILED)
    try:
        if journal["state"] == "install":
            away = missing(change)
            if away:
                failed(change, "mount_missing: " + away[0])
                # While nothing has changed the old release goes on. It cannot on another firmware.
                return bool(journal["switched"])
            if change.head["firmware"] and not firmware_of(change.head).runs("new"):
                return switch(change)
            spend(change.mounts)
            again(lambda: once("check", "check", change))
            journal["begun"] = True
            change.enter("placing")
        again(lambda: once("place", "place", change))
        with Writing(change.home + "/version", "w") as file:
            file.write(change.head["to"])
    except OSError as error:
        if error.args[0] == ERESTART:
            return True
        return failed(change, error_text(error))
    except Damaged as error:
        return change.roll_back(str(error), FAILED)
    journal.update({"placed": True, "starts": 0, "reason": None})
    change.enter("trial")
    once("spare", "keep_spares", change)
    return True


def failed(change, reason):
    # It is tried again at the next start; after three the way back is taken.
    change.error = change.journal["reason"] = reason
    change.journal["tries"] += 1
    change.save()
    return True


def switch(change):
    # Has the boot loader start the new firmware. Counted before: it may go back to the old one each time (D12).
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


END = True
