"""Asking the transport, again and again."""

import gc

import airwaybill_boot as base
from airwaybill_boot.files import ENOSPC, error_text
from OTA import OTAError

# Trying again does not help.
FINAL = (
    "space",
    "manifest_size",
    "document_too_long",
    "signed_mismatch",
    "patch_invalid",
    "http_refused",
    "image_size",
    "firmware_unsupported",
    "tls",
    "sha1_missing",
)
ABSENT = ("404", "403")  # S3 says 403 of what is not there, to whom it does not let list


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
