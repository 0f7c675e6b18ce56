"""The manifest that has come, as a list: `waybill/fetch.raw`, with the kinds d(elete), n(ew), u(pdate) and k(eep)."""

import airwaybill_boot as base
from airwaybill_boot.files import Writing, make_directories
from airwaybill.lists import address, write
from airwaybill.manifest import Reader


def read(ota, found):
    make_directories(ota.home)
    source = open(ota.home + "/manifest", "rb") if ota.held is None else base.built_in("io", "uio").BytesIO(ota.held)
    reader = Reader()
    found.firmware = found.patch = None
    prefix = None
    with source, Writing(ota.home + "/fetch.raw", "w") as target:
        for field, _, item in reader.read(source):
            if field == "firmware":
                found.firmware, found.patch = item[:3], item[3]
            elif field == "delete":
                write(target, 0, "d", 0, None, "-", item)
            else:
                path, size, sha1, request, patch = item
                prefix = address(target, prefix, path, request, patch)
                write(target, 0, field[0], 0, size, sha1, path)
    for name in ("null", "version", "previous_version", "full"):
        setattr(found, name, getattr(reader, name))
