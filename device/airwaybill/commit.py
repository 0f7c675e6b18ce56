"""The journal: from there on the next start changes the release."""

from airwaybill_boot.change import Change, firmware_of
from airwaybill_boot.files import REFUSED, error_text, remove
from airwaybill.lists import staging
from OTA import OTAError


def commit(ota, head, digest):
    remove(staging(ota, "flash/") + "/room")
    change = Change(ota.mounts)
    change.start_journal(digest, ota.plan_id, "install")
    change.head = head
    change.plan = ota.home + "/plan"
    change.journal["switched"] = 1 if ota.image else 0
    change.enter("install")
    # From here on the next start decides.
    if ota.image:
        try:
            firmware_of(head).switch("new")
        except OSError as error:
            change.roll_back("firmware_invalid: " + error_text(error), REFUSED)
            raise OTAError("firmware_invalid", error_text(error))
