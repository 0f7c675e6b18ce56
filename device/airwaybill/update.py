"""One update, from the request for the manifest to the journal. Nothing live changes here: that is for the next start.

What takes time is a generator, which yields where it would wait (the milliseconds, or None), so that `update()` and
`update_async()` are the same code.
"""

import gc
import sys

import airwaybill_boot as base
from airwaybill_boot import hashlib, time
from airwaybill_boot.change import REFUSED, Change
from airwaybill_boot.files import Damaged, ENOSPC, error_text, hexlify, make_directories, read_record, remove, stat
from airwaybill_boot.content import put
from OTA import OTAError, as_ota_error

PIECE_MS = 5
# Trying again does not help.
FINAL = ("space", "manifest_size", "http_refused", "image_size", "firmware_unsupported", "tls", "sha1_missing")


# What is kept when reader and planner, with all their code, are gone.
FROM_MANIFEST = ("null", "version", "previous_version", "full")
FROM_PLAN = ("firmware", "files", "size", "changes", "room", "sections", "digest")


class Found:
    """What the server has for this device."""

    null = True  # nothing

    def summary(self, before, head):
        """What is still needed of it when the files have come."""
        return {
            "version": self.version,
            "before": before if before != self.version else head and head["before"],
            "firmware": head and head["firmware"],
            "rooms": {name: room for name, room in self.room.items() if room.files},
            "sections": self.sections,
            "full": self.whole,
            "known": self.known,
            "digest": self.digest,
        }


def once(name, function, *arguments):
    """Calls a function of a part that is loaded for that alone: together, these are half of the client's memory."""
    gc.collect()
    try:
        return getattr(__import__("airwaybill." + name, None, None, (name,)), function)(*arguments)
    finally:
        drop("airwaybill." + name)


def drop(*names):
    for name in names:
        if sys.modules.pop(name, None):
            package, _, part = name.rpartition(".")
            delattr(sys.modules[package], part)
    gc.collect()


def exhaust(steps):
    try:
        while True:
            wait = next(steps)
            if wait:
                time.sleep_ms(wait)
    except StopIteration as end:
        return end.value


def finish(ota, steps):
    with Guarded(ota, 500):
        return exhaust(steps)


async def finish_async(ota, steps):
    try:
        import asyncio
    except ImportError:
        import uasyncio as asyncio

    with Guarded(ota, 0):
        try:
            while True:
                await asyncio.sleep_ms(next(steps) or PIECE_MS)
        except StopIteration as end:
            return end.value


class Guarded:
    """What leaves update() and check() is an OTAError, and their connection is closed."""

    def __init__(self, ota, wait_ms):
        self._ota = ota
        ota.wait_ms = wait_ms

    def __enter__(self):
        base.set_error(None)
        if self._ota.feed:  # confirm() may have replaced the recovery
            base.set_feed(self._ota.feed)

    def __exit__(self, kind, error, _):
        self._ota.close()
        drop("airwaybill.lists", "airwaybill.record", "airwaybill.room", "airwaybill.digests")
        if error is None or not isinstance(error, Exception):
            return
        error = as_ota_error(error)
        base.last_error = str(error)
        raise error


def check(ota):
    """What the server has for this device."""
    found, _ = yield from ask(ota)
    if found.null or not (found.changes or found.firmware):
        return None
    answer = {"version": found.version, "files": found.files, "bytes": found.size, "firmware": None}
    remove(ota.home + "/fetch.new")
    if found.firmware and ota.firmware:
        size, _, request = found.firmware
        answer["firmware"] = once("firmware", "version_of", request)
        answer["bytes"] = None if size is None or answer["bytes"] is None else answer["bytes"] + size
    return answer


def run(ota, allow_downgrade, retry, progress):
    """The version that the next start puts in place, or None when there is nothing to do."""
    waiting = open_change(ota)
    if waiting:
        return waiting
    found, head = yield from ask(ota)
    if found.null:
        once("download", "discard", ota)
        return None
    try:
        judge(ota, found, head, allow_downgrade, retry)
        once("firmware", "prepare", ota, found, head)
        if not (found.changes or ota.image or found.version != ota.version):
            once("download", "discard", ota)
            remove(ota.home + "/fetch.new")
            return None
        once("download", "adopt", ota, found)
    except OTAError:
        remove(ota.home + "/fetch.new")
        raise
    firmware, total = found.firmware, found.size
    if ota.image and total is not None:
        total = None if firmware[0] is None else total + firmware[0]
    ota.rooms = {} if found.size is not None else found.room
    ota.progress = progress and (lambda: progress(ota.received + ota.last_sink.offset, total, ota.fetching))
    drop("airwaybill.names")
    from airwaybill import download

    try:
        yield from download.files(ota)
        if ota.image:
            yield from download.image(ota, firmware)
        drop("airwaybill.http")
        once("commit", "commit", ota, found.summary(ota.version, head))
    except OTAError as error:
        if error.code == "space":  # the application needs what is left
            download.discard(ota)
        raise
    return found.version


def open_change(ota):
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
    change.spend()
    return None


def ask(ota):
    """(what is found, head of the record): what the server says, as `waybill/fetch.new`. A device without a record
    asks again as one without a version: then it knows what all of the release is (D13)."""
    ota.image = None
    ota.note = None
    ota.progress = None
    ota.rooms = {}
    ota.received = 0
    own = own_version(ota)
    systems = ota.systems = once("mounts", "systems", ota)
    from airwaybill import record

    head = record.read_head(ota, own) if own else None
    listed = ota.home + "/fetch.new"
    deletes = None
    try:
        yield from fetch_manifest(ota, own)
        found = plan(ota, own is None, head is not None, listed, None)
        if own and not found.null:
            if found.previous_version not in (None, own):
                raise OTAError("previous_version", "for %s, but this is %s" % (found.previous_version, own))
            full = found.full or found.previous_version is None
            if not full and not head:
                deletes = ota.home + "/fetch.old"
                put(listed, deletes, systems["flash"])
                yield from fetch_manifest(ota, None)
                full = True
            if full:
                found = plan(ota, True, head is not None, listed, deletes)
    except Exception:
        remove(listed)
        raise
    finally:
        remove(ota.home + "/manifest")
        if deletes:
            remove(deletes)
    if found.null:
        remove(listed)
    return found, head


def plan(ota, full, known, path, deletes):
    """What is found in the manifest that is there."""
    if ota.held is not None and ota.held.strip() == b"null":  # most polls: nothing is written for these (D21)
        return Found()
    ota.last_sink = None
    drop("airwaybill.sink")
    try:
        return read(ota, full, known, path, deletes)
    finally:
        drop("airwaybill.plan", "airwaybill.manifest", "airwaybill.names", "airwaybill.fat")


def read(ota, full, known, path, deletes):
    from airwaybill.manifest import Reader
    from airwaybill.plan import Planner

    reader = Reader()
    make_directories(ota.home)
    planner = Planner(ota, ota.systems, full, known)
    source = open(ota.home + "/manifest", "rb") if ota.held is None else base.built_in("io", "uio").BytesIO(ota.held)
    with source:
        planner.take(reader, source, path, deletes)
    found = Found()
    for names, place in ((FROM_MANIFEST, reader), (FROM_PLAN, planner)):
        for name in names:
            setattr(found, name, getattr(place, name))
    found.whole, found.known = full, known
    return found


def own_version(ota):
    """P4: a device that names no version gets a full install."""
    from airwaybill.names import check_version

    version = ota.version or ""  # one that cannot be read is an error, not a device without a version
    try:
        return check_version(version)
    except OTAError:
        return None


def fetch_manifest(ota, own):
    """A byte that changed on the way can name another file. Where nothing vouches for the manifest, it has to arrive
    twice alike."""
    parameters = [("current_ver", own), ("firmware_ver", ota.firmware_version), ("format", "2")]
    # V3 leaves one character that a query gives another meaning.
    request = "manifest.json?" + "&".join(
        ["%s=%s" % (name, value.replace("+", "%2B")) for name, value in parameters if value]
    )
    path = ota.home + "/manifest"

    def attempt():
        remove(path)
        first = yield from get(ota, request, path)
        if not ota.verified:
            remove(path)
            if (yield from get(ota, request, path)) != first:
                raise OTAError("manifest_differs", "two requests got different answers")

    yield from attempts(ota, attempt)


def get(ota, request, path, firmware=False):
    """What `get_data` returns, in steps where the transport can."""
    if hasattr(ota, "get_steps"):
        return (yield from ota.get_steps(request, path, True, firmware))
    return ota.get_data(request, path, True, firmware)


def attempts(ota, attempt):
    """D2: five tries without progress, with growing pauses. `attempt`: makes a generator for each. What comes again is
    no progress."""
    number = 0
    furthest = 0
    ota.last_sink = None
    while True:
        try:
            return (yield from attempt())
        except OSError as error:
            last = OTAError("space" if error.args[0] == ENOSPC else "link", error_text(error))
        except OTAError as error:
            last = error
        if last.code in FINAL:
            raise last
        reached = ota.last_sink.offset if ota.last_sink else 0
        number = 1 if reached > furthest else number + 1
        furthest = max(furthest, reached)
        if number >= ota.tries:
            raise last
        gc.collect()
        for _ in range(1 << (number - 1)):
            base.feed()
            yield ota.pause_ms


def judge(ota, found, head, allow_downgrade, retry):
    """D14: what the device does not take."""
    if head and head["before"] == found.version and not allow_downgrade:
        raise OTAError("version_not_higher", "%s is the release before this one" % found.version)
    ota.plan_id = identity(found.digest)
    report = read_record(ota.home + "/report") or {}
    if not retry and report.get("digest") == found.digest and report["weight"] >= REFUSED:
        raise OTAError("refused", "%s was rolled back: %s" % (found.version, report["error"]))


def identity(digest):
    """The name of the directories in which a plan's files are staged: another device's card has another."""
    machine = base.machine
    own = machine.unique_id() if hasattr(machine, "unique_id") else b""
    return hexlify(hashlib.sha256(digest.encode() + own))[:8]
