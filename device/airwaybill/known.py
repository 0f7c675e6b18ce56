"""What the device has of a signed release already, whatever the manifest says of it (D14)."""

from airwaybill_boot.content import digest_of, put
from airwaybill_boot.files import Writing, is_file, stat
from airwaybill import record
from airwaybill.lists import address, lines, write
from airwaybill.signed import entries


def leave_out(ota, found):
    """Takes out of `waybill/fetch.raw` what is there as it is signed, by the device's record and in truth; the rest
    gets its signed sizes where the manifest has none."""
    raw = ota.home + "/fetch.raw"
    rest = ota.home + "/fetch.sums"  # which is made later
    section = prefix = None
    patches = []
    with Writing(rest, "w") as target:
        for kind, number, levels, size, sha1, path, request in lines(raw, patches):
            if kind != "d":
                if kind != section:
                    section = kind
                    listed = entries(ota.waybill, "keep" if kind == "k" else "files")
                    signed = Sorted((name, size, digest) for _, name, size, digest in listed)
                    known = Sorted(record.entries(ota.home + "/files") if found.head else iter(()))
                item = signed.find(path)
                if item and known.find(path) == item and is_there(ota, item):
                    continue
                if item and size is None:
                    size = item[1]
                prefix = address(target, prefix, path, request, patches[0])
            write(target, number, kind, levels, size, sha1, path)
    put(rest, raw, ota.systems["flash"])


class Sorted:
    def __init__(self, items):
        self.items = items
        self.item = next(items, None)

    def find(self, path):
        """Its item; paths are asked for in order."""
        while self.item and self.item[0] < path:
            self.item = next(self.items, None)
        return self.item if self.item and self.item[0] == path else None


def is_there(ota, item):
    path, size, digest = item
    if path[: path.find("/")] not in ota.systems:
        return False
    real = ota.real(path)
    return is_file(real) and stat(real)[6] == size and digest_of(real) == digest
