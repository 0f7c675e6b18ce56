"""How much room there is on a file system (D11)."""

from micropython import const

import airwaybill_boot as base
from airwaybill_boot.trees import names_in
from airwaybill.room import file_system
from OTA import OTAError

_MARGIN = const(8)  # blocks for what directories, lists and plan take; a download under way has taken them


def check(ota, name, room, blocks):
    """That so many more blocks fit on a mount, beside what comes before the journal. `room`: see `airwaybill.room`."""
    root = ota.mounts[name] or "/"
    need = blocks + room["before_journal"] + (_MARGIN if ota.fresh else 0)
    free = free_blocks(root, room["copies"], need, list(ota.mounts.values()))
    if free is not None and need > free:
        raise OTAError("space", "%s needs %d blocks of %d bytes and has %d" % (root, need, room["block"], free))


def free_blocks(root, copies, need, mounts):
    """None where the file system does not know: then writing decides."""
    _, free, total = file_system(root)
    if free is None or free > total:
        return None
    if free < need and not copies:
        # littlefs's statvfs takes each directory for two blocks more than it has.
        free += 2 * directories(root, mounts)
    return free if free >= 0 else None


def directories(root, mounts):
    """How many there are below `root`, on its own file system."""
    count = 0
    for name, is_directory in list(names_in(root)):
        base.feed()
        if is_directory:
            path = root.rstrip("/") + "/" + str(name, "utf-8")
            if path not in mounts:
                count += 1 + directories(path, mounts)
    return count
