"""How much room an update needs on a file system (D11)."""

from micropython import const

from airwaybill_boot import os
from airwaybill_boot.files import SHARD, SHARDS, parent
from airwaybill_boot.trees import names_in
from OTA import OTAError

_JOURNAL_BYTES = const(16384)  # on flash, for the journal's two files and their directory
_RECORDS_BYTES = const(16384)  # on flash, for the journal when it is written anew, version and report
_ENTRY_BYTES = const(48)  # of a file in its directory, beside its name
_SUM_BYTES = const(73)
_LONGER_BYTES = const(24)  # a SHA-256 than the SHA-1 of a list


def room_of(ota, found, name):
    if name not in found.rooms:
        if name not in ota.systems:
            raise OTAError("mount_missing", name)
        found.rooms[name] = Room(ota.mounts[name] or "/", ota.systems[name], name == "flash")
    return found.rooms[name]


class Room:
    """What one mount needs, in blocks. On littlefs a directory takes two of them."""

    def __init__(self, root, copies, flash):
        self.copies = copies
        self.directory = 1 if copies else 2  # blocks
        self.flash = flash
        self.block = file_system(root)[0]
        self.new = 0
        self.old = 0
        self.largest = 0
        self.copied = 0
        self.patch = 0  # the largest one: each is gone before the next one comes
        self.to_make = Directories()
        self.to_go = Directories()
        self.files = 0
        self.growing = 0  # directories that get entries
        self.last = None  # of them
        self.entries = 0  # bytes that these get

    def blocks(self, size):
        # On littlefs each block of a file has pointers to others, 8 bytes on average.
        return -(-size // (self.block if self.copies else self.block - 8))

    def inside(self, size):
        """The bytes of a file that lie in its directory: on littlefs a small one has no block."""
        return size if size and not self.copies and size <= self.block // 8 else 0

    def add(self, path, new, old, levels):
        """A file of `new` bytes for one of `old`; `new` is None for one that goes, `old` for one that comes. `levels`
        is how many directories above it are made, or go, with it."""
        (self.to_go if new is None else self.to_make).add(path, levels)
        if old is None:
            self.enter(path, levels)
        self.entries += abs(self.inside(new) - self.inside(old))
        new = new or 0
        old = old or 0
        self.files += 1
        self.new += self.blocks(new)
        self.old += self.blocks(old)
        # What is copied at once: where files are renamed into place, the old one alone.
        self.largest = max(self.largest, self.blocks(new) if self.copies else 0, self.blocks(old))

    def enter(self, path, levels):
        self.entries += len(path[len(parent(path)) :].encode()) + _ENTRY_BYTES
        for _ in range(levels):
            path = parent(path)
        self.growing += parent(path) != self.last
        self.last = parent(path)

    def growth(self):
        """Blocks by which directories grow. Nobody tells how full one is, so each grows once; after that, on littlefs,
        which halves a directory that fills half of its block, with each quarter of a block."""
        return (self.growing + self.entries // (self.block // 4)) * self.directory

    def add_copies(self, directory):
        """What confirm() keeps of this directory: a copy of each file."""
        if self.copied:
            return
        self.copied = self.directory
        for name, is_directory in list(names_in(directory)):
            if not is_directory:
                self.copied += self.blocks(os.stat(directory + "/" + str(name, "utf-8"))[6])

    def sums(self, listed, number, changes, size, signed):
        """What is needed of this when the list is done. `spare`, in bytes: what the way back needs at once; it copies,
        one file at a time. `spare_before`, in bytes: what the way forward needs at once, so that the room for the way
        back is left after it; `journal`, in bytes: for that. `before_journal`, in blocks: beside the files that come,
        until the journal is written.

        `listed`: bytes of the list, which has `number` lines, `changes` of them in the plan; `size`: bytes of the old
        record, or with `signed` of the waybill, which has all that the record will have."""
        largest = self.largest
        records = journal = lists = 0
        if self.flash:
            records, journal = _RECORDS_BYTES, _JOURNAL_BYTES
            listed += number * _LONGER_BYTES
            record = size if signed else size + listed
            largest = max(largest, record // self.block)  # confirm() copies it
            # Sums and record; then twice the plan, after the waybill where that is copied.
            lists = max(size if signed and self.copies else 0, 2 * listed * changes // (number or 1))
            lists += number * _SUM_BYTES + record
        spare = (self.to_go.count * self.directory + largest + self.copied) * self.block + records
        spare_before = spare + (self.to_make.count * self.directory + self.growth()) * self.block
        shards = 3 + self.files // SHARD + self.files // (SHARD * SHARDS)
        before_journal = self.blocks(spare_before) + self.blocks(journal) + shards * self.directory
        before_journal += lists // self.block  # small ones are in the margin
        return {
            "copies": self.copies,
            "block": self.block,
            "directory": self.directory,
            "files": self.files,
            "new": self.new,
            "patch": self.patch,
            "spare": spare,
            "spare_before": spare_before,
            "journal": journal,
            "before_journal": before_journal + (self.old if self.copies else 0),
        }


class Directories:
    """Counts directories; paths come in order, and one is counted once."""

    def __init__(self):
        self.count = 0
        self.last = ""

    def add(self, path, levels):
        above = parent(path)
        for _ in range(levels):
            self.count += not (self.last + "/").startswith(above + "/")
            above = parent(above)
        if levels:
            self.last = parent(path)


def file_system(root):
    """(block size in bytes, free blocks, all blocks); the figures may be wrong: see `airwaybill.space`."""
    try:
        found = os.statvfs(root)
        return found[1] or found[0], found[3], found[2]
    except AttributeError:  # Pycom
        free = os.getfree(root) // 4
        return 4096, free, free
