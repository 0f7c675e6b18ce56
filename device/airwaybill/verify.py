"""Compares what a release should have with what the device holds: the truth about what booted, not what came."""

from airwaybill_boot.change import Change
from airwaybill_boot.files import stat
from airwaybill_boot.content import digest_of
from airwaybill import record
from airwaybill.update import once
from OTA import OTAError

IGNORED = (".DS_Store", "Thumbs.db", "pymakr.conf")  # C1


def compare(expected, found, names=(), digest="sha1"):
    """Y1, Y2: a report of the `expected` (path, size or None, digest) that `found(path)`, a (size, digest) or None,
    does not bear out. A path in `names` that is not expected is listed too."""
    paths = set()
    problems = []
    checked = 0
    for path, size, wanted in expected:
        checked += 1
        if names:
            paths.add(path)
        there = found(path)
        if there is None or there[1] != wanted or size not in (None, there[0]):
            problems.append(problem("different" if there else "missing", path, (size, wanted), there, digest))
    for path in names:
        if path not in paths and path.split("/")[-1] not in IGNORED:
            problems.append(problem("unexpected", path, None, found(path), digest))
    problems.sort(key=lambda one: one["path"].encode())
    return {"checked": checked, "problems": problems}


def problem(kind, path, expected, found, digest):
    expected, found = [pair and {"size": pair[0], digest: pair[1]} for pair in (expected, found)]
    return {"kind": kind, "path": path, "expected": expected, "found": found}


def device(ota):
    """The report on the release on trial, else on the confirmed one, by SHA-256."""

    def found(path):
        try:
            real = ota.real(path)
            return stat(real)[6], digest_of(real)
        except (OSError, TypeError):
            return None

    change = Change(ota.mounts)
    place = ota.home
    head = record.read_head(ota, ota.version)
    if change.load() and change.head:
        place = change.staging("flash")
    elif not head:
        raise OTAError("no_record", "the device has no record of its release; the next update makes one")
    expected = ((name, size, digest) for name, size, digest in record.entries(place + "/files") if name[-1] != "/")
    if not (stat(place + "/signed") and once("begin", "keys", ota, head)):
        return compare(expected, found, (), "sha256")
    once("keyring", "load", ota, head)
    from airwaybill import proof

    is_signed = proof.is_signed(ota, place)
    report = compare(proof.expected(ota, place), found, (), "sha256")
    report["signed"] = is_signed
    return report
