"""Whether the release is taken; and the list that is followed: a new one, or none."""

import airwaybill_boot as base
from airwaybill_boot import HOME, hashlib, os
from airwaybill_boot.content import put
from airwaybill_boot.files import (
    CORRUPT,
    DIRECTORY,
    REFUSED,
    Writing,
    hexlify,
    is_directory,
    parent,
    read_record,
    remove,
    staged,
    stat,
)
from airwaybill_boot.mounts import spend
from airwaybill_boot.trees import remove_tree
from airwaybill.lists import lines, staging
from airwaybill.space import check
from OTA import OTAError, part


def judge(ota, found, allow_downgrade, retry):
    """D14: what the device does not take."""
    if found.head and found.head["before"] == found.version and not (allow_downgrade or ota.waybill):
        raise OTAError("version_not_higher", "%s is the release before this one" % found.version)
    ota.plan_id = identity(found.digest)
    if ota.keys:
        found.digest = part("signed").digest(ota)
    report = read_record(ota.home + "/report") or {}
    if not retry and report.get("digest") == found.digest and report["weight"] >= REFUSED:
        raise OTAError("refused", "%s was rolled back: %s" % (found.version, report["error"]))


def identity(digest):
    """The name of the directories in which a plan's files are staged: another device's card has another."""
    machine = base.machine
    own = machine.unique_id() if hasattr(machine, "unique_id") else b""
    return hexlify(hashlib.sha256(digest.encode() + own))[:8]


def id_of(path):
    """The last line of a list: the name of the directories in which its files are staged. None without a list."""
    info = stat(path)
    if not info or info[6] < 11:
        return None
    with open(path, "rb") as file:
        file.seek(info[6] - 11)
        line = str(file.read(), "utf-8")
    return line[2:10] if line[:2] == "= " else None


def discard(ota):
    """Removes an interrupted download, and the room that was kept for what comes after it."""
    old = id_of(ota.home + "/fetch")
    if old:
        for name in ota.systems:
            remove_tree("%s/%s/%s" % (ota.mounts[name], HOME, old))
    for name in ("/fetch", "/image", "/patch", "/plan"):
        remove(ota.home + name)
    spend(ota.mounts)


def adopt(ota, found):
    """Makes the new list the one that is followed, if there is room for it. What an earlier download of the same
    content has brought stays."""
    path = ota.home + "/fetch"
    ota.fresh = id_of(path) != ota.plan_id
    if ota.fresh:
        discard(ota)
        sweep(ota)
    if found.size is not None:
        for name, room in found.rooms.items():
            there, patch = (0, 0) if ota.fresh else staged_blocks(ota, name, room)
            blocks = room["new"] - there
            try:
                check(ota, name, room, blocks + room["patch"] - patch)
            except OTAError:
                if not room["patch"]:
                    raise
                check(ota, name, room, blocks)
                ota.patches = False
    with Writing(path + ".new", "a") as file:
        file.write("= %s\n" % ota.plan_id)
    put(path + ".new", path, ota.systems["flash"])


def sweep(ota):
    """Removes what changes have left on flash when the flash failed, but for what is damaged. On a card it may be
    another device's."""
    for name in os.listdir(ota.home):
        if len(name) == len(ota.plan_id) and is_directory(ota.home + "/" + name):
            try:
                remove_tree(ota.home + "/" + name)
            except OSError as error:
                if error.args[0] != CORRUPT:
                    raise


def staged_blocks(ota, name, room):
    """What an interrupted download has left there, its directories, lists and note of an image included; and what of
    that is a patch's."""
    here = staging(ota, name + "/")
    total = blocks_of(here, room)
    patch = 0
    if name == "flash":
        patch = blocks_of(ota.home + "/patch", room)
        for path in (here + "/sums", ota.home + "/fetch", ota.home + "/image"):
            total += blocks_of(path, room)
    shard = shards = None
    for _, number, _, _, _, path, _ in lines(ota.home + "/fetch"):
        if path.startswith(name + "/"):
            new = staged(here, number, "n")
            if parent(new) != shard:
                shard = parent(new)
                total += blocks_of(shard, room)
            if parent(shard) != shards:
                shards = parent(shard)
                total += blocks_of(shards, room)
            total += blocks_of(new, room)
            if room["patch"]:
                patch += blocks_of(staged(here, number, "d"), room)
    return total, patch


def blocks_of(path, room):
    info = stat(path)
    if not info:
        return 0
    return room["directory"] if info[0] & DIRECTORY else -(-info[6] // room["block"])
