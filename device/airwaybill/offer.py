"""What the server has for this device."""

import sys

from airwaybill_boot import forget
from airwaybill_boot.content import put
from airwaybill_boot.files import remove
from airwaybill.update import once, steps, sweep
from OTA import OTAError


class Offer:
    """What the server has for this device, and what is known of the device."""

    null = True  # nothing
    version = None
    previous_version = None
    full = False  # says the manifest
    whole = False  # it lists all of the release
    head = None  # of the device's record; None without one
    firmware = None  # (size, digest, request)
    needs = None  # the firmware for which the release is made
    patch = None  # of the firmware: (size, base, digest, request, base's size)
    files = 0  # to fetch
    size = 0  # of these, in bytes; None where the manifest does not say
    changes = 0
    digest = None  # of the content
    sections = ()  # of the list: [field, where it starts, where it ends]
    rooms = {}  # by mount: see `airwaybill.room`


def check(ota):
    """What the server has for this device."""
    found = yield from ask(ota)
    remove(ota.home + "/fetch.new")
    if found.null or not (found.changes or found.firmware):
        return None
    answer = {"version": found.version, "files": found.files, "bytes": found.size, "firmware": None}
    if found.firmware and ota.firmware:
        size, _, request = found.firmware
        size = found.patch[0] if found.patch else size
        answer["firmware"] = once("firmware", "version_of", request)
        answer["bytes"] = None if size is None or answer["bytes"] is None else answer["bytes"] + size
    return answer


def ask(ota, signed=False):
    """What the server says, with its list as `waybill/fetch.new`. A device without a record asks again as one without a
    version: then it knows what all of the release is (D13). `signed`: whether it has to be (T6)."""
    found = Offer()
    own = once("begin", "begin", ota, found)
    if once("begin", "keys", ota, found.head):
        once("keyring", "load", ota, found.head)
    is_signed = signed and ota.keys
    home = ota.home
    deletes = None
    try:
        if is_signed:
            yield from steps("signing", "begin", ota)
        yield from manifest(ota, found, own)
        if not found.null:
            if own and found.previous_version not in (None, own):
                raise OTAError("previous_version", "for %s, but this is %s" % (found.previous_version, own))
            found.whole = own is None or found.full or found.previous_version is None
            if not (found.whole or found.head):
                deletes = home + "/fetch.old"
                put(home + "/fetch.raw", deletes, ota.systems["flash"])
                yield from manifest(ota, found, None)
                found.whole = True
        if not found.null:
            if is_signed:
                yield from steps("signing", "files", ota, found, own)
            planning(ota, found, deletes)
    except Exception:
        sweep(ota)
        raise
    finally:
        for name in ("/manifest", "/fetch.raw", "/fetch.old", "/fetch.before"):
            remove(home + name)
    return found


def manifest(ota, found, own):
    """Fetches it, and reads it to `waybill/fetch.raw`."""
    yield from steps("ask", "manifest", ota, own)
    ota.last_sink = None
    ota.rest()
    found.null = ota.held is not None and ota.held.strip() == b"null"  # most polls: nothing is written for these (D21)
    if not found.null:
        once("read", "read", ota, found)


def planning(ota, found, deletes):
    """From what the manifest lists to what the device is to fetch and to change: `waybill/fetch.new`. `deletes`: the
    path of a list whose deletes count as well, or None."""
    before = list(sys.modules)
    from airwaybill import lists, room  # noqa: F401, they stay for both passes

    try:
        once("plan", "plan", ota, found, deletes)
        once("goes", "complete", ota, found)
    finally:
        forget(before)
