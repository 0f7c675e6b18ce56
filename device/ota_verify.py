"""Compares what a release should have with what the device holds: the truth about what booted, not what came."""

from OTA import OTAError, os, sha1_of
from ota_update import entries

IGNORED = (".DS_Store", "Thumbs.db", "pymakr.conf")  # C1


def compare(expected, found, names=()):
    """Y1, Y2: a report of the `expected` (path, size or None, sha1) that `found(path)`, a (size, sha1) or None, does
    not bear out. A path in `names` that is not expected is listed too."""
    paths = set()
    problems = []
    checked = 0
    for path, size, digest in expected:
        checked += 1
        if names:
            paths.add(path)
        there = found(path)
        if there is None or there[1] != digest or size not in (None, there[0]):
            problems.append(problem("different" if there else "missing", path, (size, digest), there))
    for path in names:
        if path not in paths and path.split("/")[-1] not in IGNORED:
            problems.append(problem("unexpected", path, None, found(path)))
    problems.sort(key=lambda one: one["path"].encode())
    return {"checked": checked, "problems": problems}


def problem(kind, path, expected, found):
    return {"kind": kind, "path": path, "expected": record(expected), "found": record(found)}


def record(pair):
    return pair and {"size": pair[0], "sha1": pair[1]}


def on_trial(ota):
    """The report on the files that the release on trial has brought."""

    def found(path):
        real = ota.real_path(path)
        try:
            return os.stat(real)[6], sha1_of(real)
        except OSError:
            return None

    try:
        with open(ota.home + "/plan") as plan:
            brought = ((path, size, digest) for kind, size, digest, path, _ in entries(plan) if kind in "AR")
            return compare(brought, found)
    except OSError:
        raise OTAError("no_trial", "no release is on trial")
