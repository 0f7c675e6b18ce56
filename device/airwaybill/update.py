"""One update, from the request for the manifest to the journal. Nothing live changes here: that is for the next start.

It is done in passes, each with parts of the client that are loaded for it and gone after it: few boards have room for
all of them. What one leaves for the next lies on flash, or in `airwaybill.offer.Offer`.

What takes time is a generator, which yields where it would wait (the milliseconds, or None), so that `update()` and
`update_async()` are the same code.
"""

import sys

from micropython import const

import airwaybill_boot as base
from airwaybill_boot import time

# Parts that most passes need stay: they are source, and to compile them again takes more room than to keep them.
from airwaybill_boot import content  # noqa: F401
from airwaybill_boot.files import remove
from airwaybill_boot.sealed import open_sealed  # noqa: F401
from OTA import OTAError, as_ota_error, part

_PIECE_MS = const(5)


def once(name, function, *arguments):
    """Calls a function of a part. What this loads is gone afterwards."""
    before = list(sys.modules)
    try:
        return getattr(part(name), function)(*arguments)
    finally:
        base.forget(before)


def steps(name, function, *arguments):
    """`once` for a generator."""
    before = list(sys.modules)
    try:
        return (yield from getattr(part(name), function)(*arguments))
    finally:
        base.forget(before)


def exhaust(generator):
    try:
        while True:
            wait = next(generator)
            if wait:
                time.sleep_ms(wait)
    except StopIteration as end:
        return end.value


def finish(ota, generator):
    with Guarded(ota, 500):
        return exhaust(generator)


async def finish_async(ota, generator):
    try:
        import asyncio
    except ImportError:
        import uasyncio as asyncio

    with Guarded(ota, 0):
        try:
            while True:
                await asyncio.sleep_ms(next(generator) or _PIECE_MS)
        except StopIteration as end:
            return end.value


class Guarded:
    """What leaves update() and check() is an OTAError, and their connection is closed."""

    def __init__(self, ota, wait_ms):
        self.ota = ota
        ota.wait_ms = wait_ms

    def __enter__(self):
        self.before = list(sys.modules)
        base.set_error(None)
        if self.ota.feed:  # confirm() may have replaced the recovery
            base.set_feed(self.ota.feed)

    def __exit__(self, kind, error, _):
        self.ota.close()
        self.ota.last_sink = None
        base.forget(self.before)
        if error is None or not isinstance(error, Exception):
            return
        error = as_ota_error(error)
        base.last_error = str(error)
        raise error


def run(ota, allow_downgrade, retry, progress, now):
    """The version that the next start puts in place, or None when there is nothing to do."""
    waiting = once("begin", "waiting", ota)
    if waiting:
        return waiting
    ota.now = now and "%04d-%02d-%02dT%02d:%02d:%02dZ" % tuple(now[:6])
    ota.allow_downgrade = allow_downgrade
    ota.patches = True
    found = yield from steps("offer", "ask", ota, True)
    if found.null:
        discard(ota)
        return None
    try:
        if found.firmware and ota.firmware:
            once("firmware", "prepare", ota, found)
            if ota.image and ota.keys:
                yield from steps("signing", "image", ota, found)
                once("firmware", "prepare", ota, found)
        once("adopt", "judge", ota, found, allow_downgrade, retry)
        if found.needs:
            once("firmware", "check_needed", ota, found)
        if not (found.changes or ota.image or found.version != ota.version):
            discard(ota)
            return None
        once("adopt", "adopt", ota, found)
    except OTAError:
        sweep(ota)
        raise
    firmware, ota.size = found.firmware, found.size
    if ota.image and ota.size is not None:
        size = found.patch[0] if found.patch else firmware[0]
        ota.size = None if size is None else ota.size + size
    ota.rooms = {} if found.size is not None else found.rooms
    ota.progress = progress and (lambda: progress(ota.received + ota.last_sink.offset, ota.size, ota.fetching))
    try:
        yield from steps("download", "files", ota)
        if ota.image:
            yield from steps("download", "image", ota, firmware, found.patch)
        ota.last_sink = None
        ota.rest()
        once("prepare", "prepare", ota, found)
        ready = once("ready", "ready", ota, found)
    except (OSError, OTAError) as error:
        error = as_ota_error(error)
        if error.code == "space":  # the application needs what is left
            discard(ota)
        raise error
    once("ready", "commit", ota, *ready)
    return found.version


def discard(ota):
    once("adopt", "discard", ota)
    sweep(ota)


def sweep(ota):
    """Removes what a list that is not followed has left."""
    for name in ("/fetch.new", "/goes", "/fetch.sums", "/fetch.signed", "/fetch.signatures", "/fetch.image"):
        remove(ota.home + name)
