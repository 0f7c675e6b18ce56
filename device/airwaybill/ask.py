"""Fetches the manifest."""

from airwaybill_boot import built_in
from airwaybill_boot.files import remove
from airwaybill.tries import attempts, get
from airwaybill.update import steps
from OTA import OTAError


def manifest(ota, own):
    """To `waybill/manifest`, or a short one to `ota.held`: with patches, where the device can read them and the server
    knows of them (X3)."""
    if built_in("deflate"):
        try:
            return (yield from fetch(ota, own, "3"))
        except OTAError as error:
            if error.code != "http_refused" or error.detail[:3] != "400":
                raise
    yield from fetch(ota, own, "2")


def fetch(ota, own, kind):
    if ota.static:
        return (yield from steps("static", "fetch", ota, own, kind))
    parameters = [("current_ver", own), ("firmware_ver", ota.firmware_version), ("format", kind)]
    # V3 leaves one character that a query gives another meaning.
    request = "manifest.json?" + "&".join(
        ["%s=%s" % (name, value.replace("+", "%2B")) for name, value in parameters if value]
    )
    yield from receive(ota, request)


def receive(ota, request):
    """A byte that changed on the way can name another file: where nothing vouches for the manifest, it has to arrive
    twice alike."""
    path = ota.home + "/manifest"

    def attempt():
        remove(path)
        first = yield from get(ota, request, path)
        if not ota.verified:
            remove(path)
            if (yield from get(ota, request, path)) != first:
                raise OTAError("manifest_differs", "two requests got different answers")

    yield from attempts(ota, attempt)
