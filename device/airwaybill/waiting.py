"""Whether a change is under way already."""

import airwaybill_boot as base
from airwaybill_boot.change import Change
from airwaybill_boot.files import Damaged, stat
from airwaybill_boot.mounts import spend
from OTA import OTAError


def waiting(ota):
    """The version that waits for the next start, if one does. What the last change has left to do on a mount that was
    away is done here."""
    change = Change(ota.mounts)
    try:
        if change.load() and change.head and change.journal["state"] == "install":
            return change.head["to"].split("\n")[0]
        # "journal": a client of the first edition has begun it.
        if change.journal or stat(ota.home + "/journal"):
            raise OTAError("unfinished", "the last change is not confirmed")
    except Damaged as error:
        raise OTAError("unfinished", str(error))
    if stat(ota.home + "/left"):
        base.once("left", "take_left", change)
    ota.left = change.head["mounts"] if stat(ota.home + "/left") else ()
    spend(change.mounts)
    return None
