"""The manifest of a store of objects, which asks nobody: by path (S7)."""

from airwaybill.ask import receive
from airwaybill.tries import ABSENT
from OTA import OTAError


def fetch(ota, own, kind):
    """A generator. The first that the store has, from that for this version and firmware to the full install."""
    firmware = ota.firmware_version
    requests = []
    for names in ((own, firmware), (own, None), (None, firmware), (None, None)):
        # V3 leaves one character that some stores take for a space.
        request = "m/%s/%s.json" % (kind, "/".join([(name or "-").replace("+", "%2B") for name in names]))
        if request not in requests:
            requests.append(request)
    while True:
        try:
            return (yield from receive(ota, requests.pop(0)))
        except OTAError as error:
            if not (requests and error.code == "http_refused" and error.detail[:3] in ABSENT):
                raise
