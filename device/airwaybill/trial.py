"""The release on trial: kept, or taken back; and what the device says of itself."""

import airwaybill_boot as base
from airwaybill_boot.change import Change, firmware_of
from airwaybill_boot.files import REFUSED, Damaged, error_text, read_record, stat
from OTA import OTAError, as_ota_error

STATES = {"install": "applying", "placing": "applying", "trial": "trial", "confirm": "trial", "back": "rolled back"}


def load(ota):
    """The change under way, or None."""
    change = Change(ota.mounts)
    try:
        return change if change.load() and (change.head or change.journal["state"] == "confirm") else None
    except Damaged as error:
        raise OTAError("unfinished", str(error))


def guarded(action):
    try:
        return action()
    except Exception as error:
        raise as_ota_error(error)


def confirm(ota):
    return guarded(lambda: _confirm(ota))


def old_client(ota):
    """What takes over a release that a client of the first edition has put on trial, or None."""
    if not (stat(ota.home + "/journal") or stat(ota.home + "/journal.new")):
        return None
    import airwaybill_old

    return airwaybill_old


def _confirm(ota):
    old = old_client(ota)
    if old:
        return old.confirm(ota.mounts)
    change = load(ota)
    if not change or change.journal["state"] == "back":
        return False
    # Without a plan: an error has interrupted the last call of this.
    finish = "confirm" if change.head else "end"
    firmware = change.head and change.head["firmware"]
    state = change.journal["state"]
    started = change.journal["starts"] or change.journal["wakes"]
    if state in ("install", "placing") or (state == "trial" and not started):
        raise OTAError("not_started", "the release has not started yet")
    if firmware and firmware_of(change.head).runs("old"):
        raise OTAError("not_started", "the new firmware is not running yet")
    if state == "trial":
        change.enter("confirm")
    try:
        if base.once(finish, finish, change):
            raise OTAError("flash", "%s: restart the board, nothing is to be written before that" % change.error)
    except OSError:
        if not is_over(ota):
            raise
    return True


def is_over(ota):
    """Whether nothing is left of the change, as far as can be seen: its last step may fail and be done all the same."""
    try:
        return not Change(ota.mounts).load()
    except OSError:
        return True


def rollback(ota, reason):
    return guarded(lambda: _rollback(ota, reason))


def _rollback(ota, reason):
    old = old_client(ota)
    if old:
        return old.rollback(ota.mounts, reason)
    change = load(ota)
    if not change or change.journal["state"] != "trial":
        return False
    change.roll_back(reason, REFUSED)
    return True


def sleeps(mounts):
    change = Change(mounts or base.default_mounts())
    if change.load() and change.journal["state"] == "trial":
        change.journal["sleeps"] = True
        change.save()


def status(ota):
    change = Change(ota.mounts)
    report = {}
    error = base.last_error
    version = firmware = None
    state = "idle"
    starts = 0
    try:
        version, firmware = ota.version, ota.firmware_version
        report = read_record(ota.home + "/report") or {}
        if change.load():
            state = STATES[change.journal["state"]]
            starts = change.journal["starts"] if state == "trial" else 0
            error = error or change.journal["reason"]
        elif stat(ota.home + "/journal"):
            state = "trial"
        elif report:
            state = "rolled back"
        elif stat(ota.home + "/fetch"):
            state = "downloading"
    except (OSError, Damaged) as failed:
        error = error or error_text(failed)
    return {
        "version": version,
        "firmware": firmware,
        "state": state,
        "starts": starts,
        "refused": report["version"] if report.get("weight", 0) >= REFUSED else None,
        "error": error or report.get("error") or note(ota),
    }


def note(ota):
    """What this release could not bring: a firmware, on a board that cannot write one."""
    from airwaybill import record

    try:
        head = record.read_head(ota, ota.version)
    except OSError:
        return None
    return head.get("note") if head else None
