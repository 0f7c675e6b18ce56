"""From a complete download to the journal: from there on the next start changes the release."""

from airwaybill_boot import HOME, json
from airwaybill_boot.change import PLAN, REFUSED, Change, firmware_of
from airwaybill_boot.content import copy
from airwaybill_boot.files import FORMAT, error_text, remove, stat
from airwaybill_boot.sealed import Sealed
from airwaybill_boot.spare import keep_spare
from airwaybill.lists import lines, read_sum, staging
from OTA import OTAError

PLANNED = {"A": "A", "R": "R", "D": "D", "B": "B", "C": "A", "X": "X"}


def commit(ota, found):
    """All of it, or an OTAError and all is as it was."""
    here = staging(ota, "flash/")
    keep_room(ota, found.rooms)
    head = head_of(ota, found)
    with open(here + "/sums", "rb") as sums, open(here + "/plan", "w") as file:
        digest = write_plan(ota, head, sums, file)
    copy(here + "/plan", ota.home + "/plan")
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


def keep_room(ota, rooms):
    for name, room in rooms.items():
        if room["files"] and not keep_spare(ota.mounts[name], room["spare_before"]):
            remove("%s/%s/spare" % (ota.mounts[name], HOME))
            raise OTAError(
                "space", "%s lacks %d free bytes for the change" % (ota.mounts[name] or "/", room["spare_before"])
            )


def head_of(ota, found):
    firmware = ota.image.version if ota.image else ota.firmware_version
    old = ota.home + "/version"
    rooms = {name: room for name, room in found.rooms.items() if room["files"]}
    mounts = {name: ota.systems[name] for name in rooms}
    spare = {name: room["spare"] for name, room in rooms.items()}
    mounts["flash"] = ota.systems["flash"]
    spare.setdefault("flash", 0)
    return {
        "format": FORMAT,
        "id": ota.plan_id,
        "digest": found.digest,
        "from": read_text(old) if stat(old) else None,
        "to": "%s\n%s" % (found.version, firmware + "\n" if firmware else ""),
        "mounts": mounts,
        "spare": spare,
        "firmware": ota.image.record if ota.image else None,
    }


def read_text(path):
    with open(path) as file:
        return file.read()


def write_plan(ota, head, sums, file):
    """Its SHA-256."""
    sealed = Sealed(file)
    sealed.write(PLAN)
    sealed.write(json.dumps(head) + "\n")
    for kind, number, levels, _, _, path, _ in lines(ota.home + "/fetch"):
        if kind in PLANNED:
            digest, size = read_sum(sums, number) if kind in "ARBC" else ("-", 0)
            sealed.write("%s %d %d %d %s %s\n" % (PLANNED[kind], number, levels, size, digest, path))
    return sealed.seal()
