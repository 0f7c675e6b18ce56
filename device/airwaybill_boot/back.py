"""The way back. Each step can be cut short anywhere, and done again; what fails does not stop the rest (D11)."""

from . import ERESTART, TRIES, once
from .change import firmware_of
from .files import Writing, error_text, read_record, remove, write_record
from .mounts import missing, spend


def roll_back(change, reason, weight):
    # The weight of all its failures, known before the first step: the last may be done more than once.
    weight += weight_before(change)
    change.journal.update({"reason": reason, "weight": weight, "tries": 0})
    change.enter("back")
    return back(change)


def back(change):
    # All back to the old release; what fails does not stop the rest (D11). Whether the board has to start again.
    journal = change.journal
    spend(change.mounts)
    if journal["begun"]:
        try:
            once("restore", "restore", change)
        except OSError as error:
            if error.args[0] == ERESTART:
                return True
            raise
    if change.head["firmware"] and take_firmware_back(change):
        return True
    if change.error:
        return False
    if change.head["from"] is None:
        remove(change.home + "/version")
    else:
        with Writing(change.home + "/version", "w") as file:
            file.write(change.head["from"])
    away = missing(change)
    if away:
        journal["reason"] += "; left: " + ", ".join(away)
    report(change)
    once("end", "end", change)
    return True


def take_firmware_back(change):
    # Whether the board has to start the old firmware now. It may say no three times; then the old files have to do
    # with the new firmware, and the report says so.
    journal = change.journal
    firmware = firmware_of(change.head)
    if firmware.runs("old") and firmware.boots("old"):
        if not firmware.keep("old"):
            change.error = "the firmware is not marked valid"
        return False
    if journal["tries"] < TRIES:
        journal["tries"] += 1
        change.save()
        try:
            firmware.switch("old")
            return True
        except Exception as error:
            change.error = "the firmware stays: " + error_text(error)
    elif "firmware" not in journal["reason"]:
        journal["reason"] += "; the firmware stays"
    return False


def report(change):
    # What came of it, for status() and for the next update().
    weight = max(change.journal["weight"], weight_before(change))
    record = {"error": change.journal["reason"], "weight": weight, "digest": change.head["digest"]}
    record["version"] = change.head["to"].split("\n")[0]
    write_record(change.home + "/report", record)


def weight_before(change):
    before = read_record(change.home + "/report") or {}
    return before["weight"] if before.get("digest") == change.head["digest"] else 0


END = True
