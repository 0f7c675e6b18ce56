"""What is known before the server is asked, and whether a change is under way already."""

import airwaybill_boot as base
from airwaybill_boot import HOME
from airwaybill_boot.trees import names_in
from airwaybill_boot.files import Damaged, stat
from airwaybill_boot.mounts import is_mounted, spend
from airwaybill import record
from airwaybill.names import check_version
from OTA import OTAError


def begin(ota, found):
    """P4: a device that names no version gets a full install. The version, or None."""
    ota.image = None
    ota.note = None
    ota.progress = None
    ota.rooms = {}
    ota.received = 0
    ota.systems = systems(ota)
    ota.keys = ota.numbers = ota.waybill = ota.before = None
    version = ota.version or ""  # one that cannot be read is an error, not a device without a version
    try:
        check_version(version)
    except OTAError:
        return None
    found.head = record.read_head(ota, version)
    return version


def keys(ota, head):
    """Whether the device has keys, or once had some (T6), by its record too, of which `head` is the head, and by the
    waybill of what it has confirmed."""
    there = ota.signed or (head and head.get("signed")) or stat("/".join((ota.home, "signed")))
    return there or any([stat("%s/keys%s" % (ota.home, number)) for number in ("", 0, 1)])


def systems(ota):
    """By mount that is there, and can be used: whether its files are to be copied."""
    found = {}
    for name in ota.mounts:
        try:
            if name not in ota.left and is_mounted(ota.mounts, name):
                found[name] = copies(ota, name)
        except OSError:
            if name == "flash":
                raise
    return found


def copies(ota, name):
    """Whether files on this mount are to be copied, because its file system cannot rename over a file.

    FAT, which cannot, does not tell upper from lower case either. An empty mount tells nothing, and a copy is right
    everywhere."""
    root = ota.mounts[name]
    others = [other[other.rfind("/") + 1 :].encode() for other in ota.mounts.values()]
    if stat(root + "/" + HOME):
        return bool(stat(root + "/" + HOME.upper()))
    try:
        for name, _ in names_in(root):
            low, high = name.lower(), name.upper()
            if low != high and name not in others:
                other = high if name != high else low
                return bool(stat(root + "/" + str(other, "utf-8")))
    except (OSError, AttributeError, ValueError):
        pass
    return True


def waiting(ota):
    """The version that waits for the next start, if one does. What the last change has left to do on a mount that was
    away is done here."""
    change = base.part("change").Change(ota.mounts)
    try:
        if change.load() and change.head and change.journal["state"] == "install":
            return change.head["to"].split("\n")[0]
        # "journal": a client of the first edition has begun it.
        if change.journal or stat(ota.home + "/journal"):
            raise OTAError("unfinished", "the last change is not confirmed")
    except Damaged as error:
        raise OTAError("unfinished", str(error))
    if stat(ota.home + "/left"):
        base.once("left", "take_left", change)  # an error here asks for a restart of the board
    ota.left = change.head["mounts"] if stat(ota.home + "/left") else ()
    spend(change.mounts)
    return None
