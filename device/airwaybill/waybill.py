"""What an operator signs: the files of a release, or an image (T1); and whether it counts (T4)."""

from micropython import const

from airwaybill.documents import Lines
from airwaybill.names import DIGITS, check_path, check_version
from OTA import OTAError

_HEAD_LINES = const(6)
_FILES = const(0xFFFFFFFF)
_SIZE = const(0x1FFFFFFFFFFFFF)
HEX = DIGITS + "abcdef"
TIME = "%04d-%02d-%02dT%02d:%02d:%02dZ"


def reasons(path, keys, signers, name, now=None, least=None):
    """Why the waybill at `path` does not count for a device with `keys`: OTAErrors, of which there are none if it does;
    and the Waybill, where it is one.

    `signers`: see airwaybill/signers.py. `name`: of its file. `now`: the time, where it is known. `least`: by kind a
    sequence that its must not be below, and the version that may have the same."""
    if now is not None and not is_time(now):
        raise OTAError("document_value", now)
    needed = keys["threshold release"]
    found = [
        (len(signers) < needed, "unsigned", "%d of %d release keys of keys %d" % (len(signers), needed, keys["keys"]))
    ]
    waybill = None
    try:
        waybill = Waybill(path)
        pair = [waybill.sequence, waybill.version]
        low = least and least.get(waybill.kind)
        floor = keys["floor " + waybill.kind]
        found += (
            (waybill.product != keys["product"], "signed_mismatch", "for " + waybill.product),
            (waybill.name != name, "signed_mismatch", "%s is %s" % (name, waybill.name)),
            (pair[0] < floor, "sequence_low", "%d, the floor is %d" % (pair[0], floor)),
            (low and pair[0] <= low[0] and pair != low, "sequence_low", "%s after %s" % (pair, low)),
            (now and waybill.expires and now >= waybill.expires, "expired", waybill.expires),
        )
    except OTAError as error:
        found.append((True, error.code, error.detail))
    return [OTAError(code, detail) for is_wrong, code, detail in found if is_wrong], waybill


class Waybill:
    """One that is wrong anywhere is an OTAError."""

    def __init__(self, path):
        self.path = path
        with open(path, "rb") as file:
            lines = Lines(file)
            self.product = lines.product()
            self.kind, version = lines.split(2)
            if self.kind not in ("release", "firmware"):
                raise lines.error("document_line")
            self.version = check_version(version)
            self.sequence = lines.sequence("sequence", 1)
            expires = lines.value("expires")
            self.expires = None if expires == "-" else lines.check(expires, is_time(expires))
            needs = lines.value("needs-firmware")
            self.needs_firmware = None if needs == "-" else check_version(needs)
        self.name = version + ".waybill"
        self._check()

    def files(self):
        """(section, path, size, SHA-256) of each file: first those of the section `files`, then those of `keep`."""
        with open(self.path, "rb") as file:
            lines = Lines(file)
            for _ in range(_HEAD_LINES):
                lines.next()
            section = "files"
            count = lines.value(section)
            while True:
                before = ""
                for _ in range(lines.number(count, _FILES, 1)):
                    digest, size, path = lines.split(3)
                    check_path(path)
                    size = lines.number(size, _SIZE)
                    if len(digest) != 64 or digest.strip(HEX):
                        raise lines.error("digest_invalid")
                    if before >= path:
                        raise lines.error("document_order")
                    before = path
                    yield section, path, size, digest
                line = lines.next()
                if line is None:
                    return
                if section == "keep" or self.kind == "firmware" or not line.startswith("keep "):
                    raise lines.error("document_line")
                section = "keep"
                count = line[5:]

    def _check(self):
        total = number = 0
        listed = self.files()
        other = ("",)
        for section, path, size, _ in self.files():
            number += 1
            total += size
            while section == "keep" and other < ("files", path):
                other = next(listed)
            if other[:2] == ("files", path):
                raise OTAError("document_order", path)
        listed.close()
        if total > _SIZE:
            raise OTAError("size_too_big", "%d bytes" % total)
        if self.kind == "firmware":
            image = "firmware_" + self.version
            if number > 1 or self.needs_firmware or path not in (image + ".bin", image + ".hex"):
                raise OTAError("document_value", path)
            self.name = path + ".waybill"


def is_time(text):
    """Whether a text is a time that exists, as 2027-11-27T00:00:00Z: so these compare as texts."""
    try:
        fields = [int(text[at : at + 2]) for at in (2, 5, 8, 11, 14, 17)]
        year = fields[0] = int(text[:4])
    except ValueError:
        return False
    _, month, day, hour, minute, second = fields
    leap = month == 2 and not year % 4 and (year % 100 or not year % 400)
    return (
        text == TIME % tuple(fields)
        and min(fields) >= 0
        and 0 < month < 13
        and 0 < day <= b"\x1f\x1c\x1f\x1e\x1f\x1e\x1f\x1f\x1e\x1f\x1e\x1f"[month - 1] + bool(leap)
        and hour < 24
        and max(minute, second) < 60
    )
