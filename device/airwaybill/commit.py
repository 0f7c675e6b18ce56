"""From a complete download to the journal: from there on the next start changes the release."""

import sys

import airwaybill_boot as base
from airwaybill import record
from airwaybill.download import SUM_BYTES, staging
from airwaybill.lists import lines, merged, section
from airwaybill_boot import HOME, json
from airwaybill_boot.change import PLAN, REFUSED, firmware_of
from airwaybill_boot.files import FORMAT, error_text, make_directories, parent, remove, stat
from airwaybill_boot.sealed import Sealed
from airwaybill_boot.spare import keep_spare
from airwaybill_boot.steps import staged
from airwaybill_boot.content import copy
from OTA import OTAError

PLANNED = {"A": "A", "R": "R", "D": "D", "B": "B", "C": "A", "X": "X"}
MPY = b"M"


def commit(ota, summary):
    """All of it, or an OTAError and all is as it was."""
    change = staging(ota)
    staged = change.staging("flash")
    with open(staged + "/sums", "rb") as sums:
        check_code(ota, change)
        keep_old_files(ota, change)
        write_files(ota, summary, sums, staged + "/files")
        keep_room(ota, summary["rooms"])
        head = head_of(ota, summary)
        with open(staged + "/plan", "w") as file:
            digest = write_plan(ota, head, sums, file)
    copy(staged + "/plan", ota.home + "/plan")
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


def check_code(ota, change):
    """What starts the device has to compile; and without the new firmware, what is compiled has to fit the one that
    runs."""
    running = getattr(sys.implementation, "_mpy", getattr(sys.implementation, "mpy", 0)) & 0xFF
    for kind, number, _, _, _, path, _ in lines(ota.home + "/fetch"):
        if kind != "B" and not (kind in "AR" and ota.note):
            continue
        with open(staged(change, path[: path.find("/")], number, "n"), "rb") as file:
            if path.endswith(".py") and kind == "B":
                try:
                    compile(file.read(), path, "exec")
                except SyntaxError as error:
                    raise OTAError("boot_invalid", "%s: %s" % (path, error))
            elif path.endswith(".mpy") and running and not ota.image:
                magic = file.read(2)
                if magic[:1] != MPY or magic[1:] != bytes([running]):
                    raise OTAError("firmware_unsupported", "%s is not .mpy version %d" % (path, running))


def keep_old_files(ota, change):
    """Where files are copied into place, the old ones are kept before the journal; elsewhere when their turn comes."""
    shard = None
    for kind, number, _, _, _, path, _ in lines(ota.home + "/fetch"):
        if kind in "RD":
            name = path[: path.find("/")]
            old = staged(change, name, number, "o")
            if parent(old) != shard:
                shard = parent(old)
                make_directories(shard)
            if not stat(ota.real(path)):
                raise OTAError("changed", path)
            if ota.systems[name]:
                copy(ota.real(path), old)


def sum_of(sums, number):
    """(SHA-256, size) of a file that has come."""
    sums.seek(number * SUM_BYTES)
    text = str(sums.read(SUM_BYTES), "ascii")
    return text[:64], int(text[64:])


def write_files(ota, summary, sums, path):
    """The record of what the device will have."""
    head = {
        "version": summary["version"],
        "before": summary["before"],
        "firmware": summary["firmware"],
        "note": ota.note,
    }
    if ota.image:
        head["firmware"] = ota.image.sha1
    record.write(path, head, files_after(ota, summary, sums))


def files_after(ota, summary, sums):
    """(path, size, sha256, levels) of each file of the release, in order."""
    sources = [(part[0], section(ota.home + "/fetch", part[1], part[2])) for part in summary["sections"]]
    if summary["known"]:
        known = ((name, (size, digest)) for name, size, digest in record.entries(ota.home + "/files"))
        sources.append(("record", known))
    directories = []
    for name, found in merged(sources):
        while directories and not name.startswith(directories[-1]):
            directories.pop()
        if name[-1] == "/":
            directories.append(name)
            continue
        entry = found.get("new") or found.get("update")
        if entry:
            kind, number, made, size, digest, _ = entry
            if kind in "AR":
                digest, size = sum_of(sums, number)
            if kind in "ARK":
                yield name, size, digest, record.owned(directories, name, made)
        elif "record" in found and not ("keep" in found or "delete" in found or summary["full"]):
            yield (name,) + found["record"] + (record.owned(directories, name),)


def keep_room(ota, rooms):
    for name, room in rooms.items():
        if not keep_spare(ota.mounts[name], room.spare_before()):
            remove("%s/%s/spare" % (ota.mounts[name], HOME))
            raise OTAError(
                "space", "%s lacks %d free bytes for the change" % (ota.mounts[name] or "/", room.spare_before())
            )


def head_of(ota, summary):
    firmware = ota.image.version if ota.image else ota.firmware_version
    old = ota.home + "/version"
    mounts = {name: ota.systems[name] for name in summary["rooms"]}
    spare = {name: room.spare() for name, room in summary["rooms"].items()}
    mounts["flash"] = ota.systems["flash"]
    spare.setdefault("flash", 0)
    return {
        "format": FORMAT,
        "id": ota.plan_id,
        "digest": summary["digest"],
        "from": read_text(old) if stat(old) else None,
        "to": "%s\n%s" % (summary["version"], firmware + "\n" if firmware else ""),
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
        base.feed()
        if kind in PLANNED:
            digest, size = sum_of(sums, number) if kind in "ARBC" else ("-", 0)
            sealed.write("%s %d %d %d %s %s\n" % (PLANNED[kind], number, levels, size, digest, path))
    return sealed.seal()
