"""Signed documents, from where the server has the manifest."""

from airwaybill_boot.files import remove
from airwaybill.tries import ABSENT, attempts, get
from OTA import OTAError


def document(ota, request, limit, path=None):
    """A generator. The content, or its SHA-256 with a `path` to put it in; None where the server has nothing of that
    name."""

    def attempt():
        if path:
            remove(path)
            yield from get(ota, request, path)
            return ota.last_sink.sha256
        if hasattr(ota, "get_steps"):
            return (yield from ota.get_steps(request))
        return ota.get_data(request)

    ota.limit = limit, "document_too_long"
    try:
        return (yield from attempts(ota, attempt))
    except OTAError as error:
        if error.code == "http_refused" and error.detail[:3] in ABSENT:
            return None
        raise
    finally:
        ota.limit = ota.last_sink = None
        ota.rest()
