"""The way back. Each step can be cut short anywhere, and done again; what fails does not stop the rest (D11)."""

from . import TRIES, os
from .change import firmware_of
from .end import end
from .files import make_directories, parent, read_record, remove, stat, write_record
from .steps import entries
from .trees import clear, error_text, is_directory, is_file, put


def roll_back(change, reason, weight):
    change.journal.update({"reason": reason, "weight": weight, "tries": 0})
    change.enter("back")
    return back(change)


def back(change):
    """All back to the old release; what fails does not stop the rest (D11). Whether the board has to start again."""
    journal = change.journal
    change.spend()
    if journal["begun"]:
        restore(change)
    if change.head["firmware"] and take_firmware_back(change):
        return True
    if change.error:
        return False
    if change.head["from"] is None:
        remove(change.home + "/version")
    else:
        with open(change.home + "/version", "w") as file:
            file.write(change.head["from"])
    missing = change.missing()
    if missing:
        journal["reason"] += "; left: " + ", ".join(missing)
    report(change)
    end(change)
    return True


def take_firmware_back(change):
    """Whether the board has to start the old firmware now. It may say no three times; then the old files have to do
    with the new firmware, and the report says so."""
    journal = change.journal
    firmware = firmware_of(change.head)
    if firmware.runs("old") and firmware.boots("old"):
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


def restore(change):
    """The files of each mount. A card that fails is left for later, like one that is away."""
    for name in change.head["mounts"]:
        error = None
        for _ in range(TRIES if change.is_mounted(name) else 0):
            error = restore_mount(change, name)
            if not error:
                break
        if error and name != "flash":
            change.failing.append(name)
        elif error:
            change.error = error


def restore_mount(change, name):
    """The last error; what fails does not stop the rest."""
    error = None
    try:
        change.settle(name)
    except OSError as failed:
        error = error_text(failed)
    for kinds, undo in (("A", take_away), ("X", make_again), ("RD", put_back)):
        for entry in entries(change, kinds, name):
            try:
                undo(change.journal["placed"], *entry)
            except OSError as failed:
                error = "%s: %s" % (entry[4], error_text(failed))
    return error


def take_away(placed, kind, copies, levels, digest, path, new, old):
    if is_file(path) and (copies or not stat(new)):
        os.remove(path)
    clear(path, levels, copies)


def make_again(placed, kind, copies, levels, digest, path, new, old):
    make_directories(path)


def put_back(placed, kind, copies, levels, digest, path, new, old):
    if not (placed or copies) and (stat(new) if kind == "R" else is_file(path)):
        return  # it is still there, and its copy may be half of it
    if stat(old):
        if is_directory(path):
            os.rename(path, path + ".kept")  # what the application has put there meanwhile
        make_directories(parent(path))
        put(old, path, True)


def report(change):
    """What came of it, for status() and for the next update()."""
    path = change.home + "/report"
    before = read_record(path) or {}
    weight = change.journal["weight"]
    if before.get("digest") == change.head["digest"]:
        weight += before["weight"]
    record = {"error": change.journal["reason"], "weight": weight, "digest": change.head["digest"]}
    record["version"] = change.head["to"].split("\n")[0]
    write_record(path, record)


END = True
