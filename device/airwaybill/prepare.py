"""When all files have come: what the journal needs."""

import sys

from airwaybill_boot.content import copy
from airwaybill_boot.files import make_directories, parent, staged, stat
from airwaybill import record
from airwaybill.faces import is_face
from airwaybill.lists import lines, read_sum, staging
from OTA import OTAError, part


def prepare(ota, found):
    here = staging(ota, "flash/")
    check_code(ota)
    keep_old_files(ota)
    with open(here + "/sums", "rb") as sums:
        write_files(ota, found, sums, here + "/files")
    if ota.waybill:
        part("signed").commit(ota, here)


def check_code(ota):
    """What starts the device has to compile; and without the new firmware, what is compiled has to fit the one that
    runs."""
    running = getattr(sys.implementation, "_mpy", getattr(sys.implementation, "mpy", 0)) & 0xFF
    for kind, number, _, _, _, path, _ in lines(ota.home + "/fetch"):
        if kind != "B" and not (kind in "AR" and ota.note):
            continue
        with open(staged(staging(ota, path), number, "n"), "rb") as file:
            if path.endswith(".py") and kind == "B":
                try:
                    compile(file.read(), path, "exec")
                except SyntaxError as error:
                    raise OTAError("boot_invalid", "%s: %s" % (path, error))
            elif path.endswith(".mpy") and running and not ota.image:
                magic = file.read(2)
                if magic[:1] != b"M" or magic[1:] != bytes([running]):
                    raise OTAError("firmware_unsupported", "%s is not .mpy version %d" % (path, running))


def keep_old_files(ota):
    """Where files are copied into place, the old ones are kept before the journal; elsewhere when their turn comes."""
    shard = None
    for kind, number, _, _, _, path, _ in lines(ota.home + "/fetch"):
        if kind in "RD":
            old = staged(staging(ota, path), number, "o")
            if parent(old) != shard:
                shard = parent(old)
                make_directories(shard)
            if not stat(ota.real(path)):
                raise OTAError("changed", path)
            if ota.systems[path[: path.find("/")]]:
                copy(ota.real(path), old, True)


def write_files(ota, found, sums, path):
    """The record of what the device will have."""
    old = found.head or {"before": None, "firmware": None}
    head = {
        "version": found.version,
        "before": ota.version if ota.version != found.version else old["before"],
        "firmware": ota.image.digest if ota.image else old["firmware"],
        "note": ota.note,
    }
    if ota.keys:
        head["signed"] = ota.numbers
    record.write(path, head, files_after(ota, found, sums))


def files_after(ota, found, sums):
    """(path, size, sha256, levels) of each file of the release, in order."""
    sources = [(part[0], record.section(ota.home + "/fetch", part[1], part[2])) for part in found.sections]
    if found.head:
        known = ((name, (size, digest)) for name, size, digest in record.entries(ota.home + "/files"))
        sources.append(("record", known))
    if ota.waybill:
        sources += part("signed").sources(ota.waybill)
    directories = []
    for name, listed in record.merged(sources):
        while directories and not name.startswith(directories[-1]):
            directories.pop()
        if name[-1] == "/":
            directories.append(name)
            continue
        entry = listed.get("new") or listed.get("update")
        if entry:
            kind, number, made, size, digest, _ = entry
            if kind in "AR":
                digest, size = read_sum(sums, number)
            if kind in "ARK":
                yield name, size, digest, record.owned(directories, name, made)
        elif ota.waybill:
            if "signed files" in listed and not is_face(name, ota.systems["flash"]):
                yield (name,) + listed["signed files"] + (record.owned(directories, name),)
        elif "record" in listed and not ("keep" in listed or "delete" in listed or found.whole):
            yield (name,) + listed["record"] + (record.owned(directories, name),)
