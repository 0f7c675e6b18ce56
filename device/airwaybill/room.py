"""How much room an update needs on a file system, and how much there is (D11)."""

import airwaybill_boot as base
from airwaybill_boot import os
from airwaybill_boot.files import parent
from airwaybill_boot.steps import SHARD
from airwaybill_boot.trees import names_in
from OTA import OTAError

MARGIN = 8  # blocks for what directories, journal and plan take
RECORDS_BYTES = 16384  # on flash, for journal, version and report


class Room:
    """What one mount needs, in blocks. On littlefs a directory takes two of them."""

    def __init__(self, root, copies, flash, mounts=()):
        self._root = root or "/"
        self._copies = copies
        self.directory = 1 if copies else 2  # blocks
        self._mounts = mounts
        self._flash = flash
        self.block, self._free, self._total = file_system(self._root)
        self._new = 0
        self._old = 0
        self._largest = 0
        self._copied = 0
        self._to_make = Directories()
        self._to_go = Directories()
        self.files = 0

    def blocks(self, size):
        return -(-size // self.block)

    def add(self, path, new, old, levels):
        """A file to come of `new` bytes for one of `old`, or None for one that goes; `levels` is how many directories
        above it are made, or go, with it."""
        (self._to_go if new is None else self._to_make).add(path, levels)
        new = new or 0
        self.files += 1
        self._new += self.blocks(new)
        self._old += self.blocks(old)
        # What is copied at once: where files are renamed into place, the old one alone.
        self._largest = max(self._largest, self.blocks(new) if self._copies else 0, self.blocks(old))

    def add_copies(self, directory):
        """What confirm() keeps of this directory: a copy of each file."""
        if self._copied:
            return
        self._copied = self.directory
        for name, is_directory in list(names_in(directory)):
            if not is_directory:
                self._copied += self.blocks(os.stat(directory + "/" + str(name, "utf-8"))[6])

    def spare(self):
        """In bytes: what the way back needs at once. It copies, one file at a time."""
        blocks = self._to_go.count * self.directory + self._largest + self._copied
        return blocks * self.block + (RECORDS_BYTES if self._flash else 0)

    def spare_before(self):
        """In bytes: what the way forward needs at once, so that the room for the way back is left after it."""
        return self.spare() + self._to_make.count * self.directory * self.block

    def before_journal(self):
        """Blocks beside the files that come, until the journal is written."""
        shards = 2 + self.files // SHARD
        need = self.blocks(self.spare_before()) + MARGIN + shards * self.directory
        return need + (self._old if self._copies else 0)

    def check(self, staged):
        """`staged`: blocks that an interrupted download has left there."""
        need = self._new + self.before_journal() - staged
        free = self.free(need)
        if free is not None and need > free:
            raise OTAError("space", "%s needs %d blocks of %d bytes and has %d" % (self._root, need, self.block, free))

    def check_file(self, size):
        """For files whose size is known when they come."""
        _, self._free, self._total = file_system(self._root)
        need = self.blocks(size) + self.before_journal()
        free = self.free(need)
        if free is not None and need > free:
            raise OTAError("space", "%s needs %d blocks of %d bytes and has %d" % (self._root, need, self.block, free))

    def free(self, need):
        """None where the file system does not know: then writing decides."""
        free = self._free
        if free is None or free > self._total:
            return None
        if free < need and not self._copies:
            # littlefs's statvfs takes each directory for two blocks more than it has.
            free += 2 * directories(self._root, self._mounts)
        return free if free >= 0 else None


class Directories:
    """Counts directories; paths come in order, and one is counted once."""

    def __init__(self):
        self.count = 0
        self._last = ""

    def add(self, path, levels):
        above = parent(path)
        for _ in range(levels):
            self.count += not (self._last + "/").startswith(above + "/")
            above = parent(above)
        if levels:
            self._last = parent(path)


def file_system(root):
    """(block size in bytes, free blocks, all blocks); the figures may be wrong: see `Room.free`."""
    try:
        found = os.statvfs(root)
        return found[1] or found[0], found[3], found[2]
    except AttributeError:  # Pycom
        free = os.getfree(root) // 4
        return 4096, free, free


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
