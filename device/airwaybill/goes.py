"""What goes, and what stands in the way: the rest of the list."""

from airwaybill_boot import os
from airwaybill_boot.content import pump
from airwaybill_boot.files import Writing, close, hexlify, is_directory, remove, stat
from airwaybill_boot.trees import names_in
from airwaybill import record
from airwaybill.faces import CLIENT, PACKAGE, is_face
from airwaybill.lists import lines, write
from airwaybill.room import room_of
from OTA import OTAError, part


def complete(ota, found):
    path = ota.home + "/fetch.new"
    signed = None
    if ota.waybill:
        signed = part("signed").plan(ota)
    find_what_goes(ota, found, path, signed)
    if signed:
        close(signed.sums)
    clear_the_way(ota, found, path)
    for name, room in found.rooms.items():
        if room.copies:
            from airwaybill import fat

            fat.check_case(path, name)
    found.sha256.update(("%s %s" % (found.version, found.firmware and found.firmware[1])).encode())
    found.digest = hexlify(found.sha256)
    flash = room_of(ota, found, "flash")  # for the journal
    if found.patch and ota.firmware:
        flash.patch = max(flash.patch, flash.blocks(found.patch[0]))
    known = ota.waybill or (found.head and not found.whole and ota.home + "/files")
    lists = os.stat(path)[6], found.number, found.changes, os.stat(known)[6] if known else 0, ota.waybill
    found.rooms = {name: room.sums(*lists) for name, room in found.rooms.items() if room.files or room.flash}
    found.taken = found.sha256 = None


def find_what_goes(ota, found, path, signed):
    """Adds the deletes to the list (D13), and refuses a path that is in two lists of the manifest. `signed`: the
    comparison with a waybill (T7), or None."""
    goes = ota.home + "/goes"
    directories = []  # of the record, around the path that is looked at
    clients = []
    with Writing(goes, "w") as target:
        for name, sources in record.merged(all_sources(ota, found, path)):
            while directories and not name.startswith(directories[-1]):
                directories.pop()
            if name[-1] == "/":
                directories.append(name)
                continue
            info = does_go(ota, found, name, sources, signed)
            if info:
                if name.startswith(CLIENT):
                    clients.append(target.tell())
                # Without a record all directories of the release count as its own, as where plan.py finds its files.
                levels = name.count("/") - 1 if ota.before else record.owned(directories, name)
                found.number = write(target, found.number, "D", levels, None, "-", name)
                room_of(ota, found, name[: name.find("/")]).add(name, None, info[6], levels)
                found.changes += 1
    if not found.client:  # the client is updated, never removed
        with Writing(goes, "r+b") as file:
            for at in clients:
                file.seek(at)
                file.write(b"d")
        found.changes -= len(clients)
    with Writing(path, "ab") as target:
        start = os.stat(path)[6]
        pump(goes, target.write)
    found.sections.append(["goes", start, os.stat(path)[6]])
    remove(goes)


def all_sources(ota, found, path):
    for field, start, end in found.sections:
        yield field, record.section(path, start, end)
    if found.head:
        yield "record", ((name, size) for name, size, _ in record.entries(ota.home + "/files"))
    elif ota.before:
        yield "record", part("signed").delivered(ota.before)
    if ota.waybill:
        yield from part("signed").sources(ota.waybill)


def does_go(ota, found, name, sources, signed):
    """What is there of a file that goes, else None."""
    listed = [field for field in sources if field not in ("record", "before", "signed files", "signed keep")]
    if len(listed) > 1:
        raise OTAError("path_duplicate", name)
    entry = listed and listed[0] != "delete"
    if signed:
        goes = signed.goes(name, sources)
    elif found.whole:
        # A release without any file is one of which all is protected (C2).
        goes = ("record" in sources or "before" in sources) and not entry and found.number > 0
    else:
        goes = "delete" in sources and "record" in sources
    mount = name[: name.find("/")]
    info = stat(ota.real(name)) if goes and mount in ota.systems else None
    if info and (is_directory(ota.real(name)) or is_face(name, ota.systems[mount])):
        info = None
    if name.startswith(PACKAGE) and not info and not entry and "record" in sources:
        found.client = True
    return info


def clear_the_way(ota, found, path):
    more = []
    for what, name in found.taken:
        if what in ("directory", "hides"):
            more += directories_to_go(ota, found, path, what, name)
        elif what == "renamed":
            from airwaybill.fat import fat_name

            goes = [line[5] for line in lines(path) if line[0] == "D"]
            if fat_name(name) not in [fat_name(other) for other in goes]:
                raise OTAError("path_case", name)
        else:
            kind = kind_of(ota, found, path, name)
            if kind != "D" and (what == "file" or not kind):
                raise OTAError("path_conflict", name)
    with Writing(path, "a") as target:
        for name in more:
            found.number = write(target, found.number, "X", 0, None, "-", name)


def kind_of(ota, found, path, name):
    """What becomes of the file `name`; None for one that is no release's."""
    listed = lines(path)
    for kind, _, _, _, _, other, _ in listed:
        if other == name and kind != "d":
            listed.close()  # littlefs's statvfs counts a file twice that is open and changed
            return kind
    if found.head:
        recorded = record.entries(ota.home + "/files")
        for other, _, _ in recorded:
            if other == name:
                recorded.close()
                return "K"
    return None


def directories_to_go(ota, found, path, what, name):
    """The directory `name` and those below it, the innermost first, if nothing in them stays."""
    directories = []
    stay = []
    for entry, is_file in below(ota, name):
        if not is_file:
            directories.append(entry)
        else:
            kind = kind_of(ota, found, path, entry)
            if kind != "D":
                stay.append(kind)
    if any(stay) and what == "hides":
        return []  # the release has both
    if stay:
        raise OTAError("path_conflict", name)
    return directories


def below(ota, path):
    """(path, whether it is a file) of all below a directory, and then of itself."""
    for name, is_dir in list(names_in(ota.real(path))):
        name = path + "/" + str(name, "utf-8")
        if is_dir:
            yield from below(ota, name)
        else:
            yield name, True
    yield path, False
