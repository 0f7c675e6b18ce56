"""When all files wait: the plan, the room for what comes after it (D11), and the journal."""

from airwaybill_boot import json
from airwaybill_boot.content import copy
from airwaybill_boot.files import FORMAT, REFUSED, Writing, error_text, make_directories, remove, stat
from airwaybill_boot.sealed import PLAN, Sealed
from airwaybill_boot.spare import fill, keep_spare
from airwaybill.lists import lines, read_sum, staging
from OTA import OTAError

PLANNED = {"A": "A", "R": "R", "D": "D", "B": "B", "C": "A", "X": "X"}


def ready(ota, found):
    """The plan, and the room for all that comes after it. (head, SHA-256 of the plan)"""
    here = staging(ota, "flash/")
    head = head_of(ota, found)
    with open(here + "/sums", "rb") as sums, Writing(here + "/plan", "w") as file:
        digest = write_plan(ota, head, sums, file)
    copy(here + "/plan", ota.home + "/plan")
    for name, room in found.rooms.items():
        keep_room(ota, name, room)
    return head, digest


def keep_room(ota, name, room):
    root = ota.mounts[name]
    here = staging(ota, name + "/")
    make_directories(here)  # by it a card is known for the device's own
    enough = keep_spare(root, room["spare_before"])
    if enough and room["journal"]:
        enough = fill(here + "/room", room["journal"])
    if not enough:
        need = room["spare_before"] + room["journal"]
        raise OTAError("space", "%s lacks %d free bytes for the change" % (root or "/", need))


def head_of(ota, found):
    firmware = ota.image.version if ota.image else ota.firmware_version
    old = ota.home + "/version"
    return {
        "format": FORMAT,
        "id": ota.plan_id,
        "digest": found.digest,
        "from": read_text(old) if stat(old) else None,
        "to": "%s\n%s" % (found.version, firmware + "\n" if firmware else ""),
        "mounts": {name: ota.systems[name] for name in found.rooms},
        "spare": {name: room["spare"] for name, room in found.rooms.items()},
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


def commit(ota, head, digest):
    """The journal: from there on the next start changes the release."""
    from airwaybill_boot.change import Change, firmware_of

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
