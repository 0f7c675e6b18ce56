"""Block devices in memory that fail as real ones do, and the FAT that cards have.

Every write and erase of every device goes to one log. What a power cut leaves is exactly the log up to that point, its
last write half done if it is torn; so an action is run once and its cuts are made from its log.
"""

import struct

try:
    from native import copy
except ImportError:  # CPython

    def copy(target, source, start, size):
        target[:] = source[start : start + size]


EIO = 5
ERASED = b"\xff"


class Accesses:
    """How many reads or writes there were, and which fail: number `first` and those after it, to before `end`."""

    def __init__(self):
        self.count = self.first = self.end = 0
        self.failed = 0


class Log:
    """What has been written since `clear()`: (device's name, first byte, bytes); and which accesses are to fail.

    `arm("read", 7, 2)` lets the reads number 7 and 8 fail, counted over all devices from 0; an erase is a write.
    `rot` counts down the writes to app partitions until one arrives with a bit changed, and nothing says so.
    """

    def __init__(self):
        self.reads = Accesses()
        self.changes = Accesses()
        self.clear()

    def clear(self):
        self.writes = []
        self.keeps = False
        self.rot = 0
        self.disarm()

    def disarm(self):
        for accesses in (self.reads, self.changes):
            accesses.count = accesses.first = accesses.end = 0

    def arm(self, kind, first, count):
        self.disarm()
        accesses = self.of(kind)
        accesses.first = first
        accesses.end = first + count

    def of(self, kind):
        return self.reads if kind == "read" else self.changes


FOREVER = 1 << 30
WRITE_US = 10  # a byte; a block of 4096 bytes is erased in 41 ms
CARD_BYTES, FLASH_BYTES = 1, 10  # that are read in a microsecond


class Chip:
    """What stays when the power goes. `out` is a card that is not in its slot."""

    def __init__(self, log, name, block_size, blocks, erases):
        self.log = log
        self.name = name
        self.block_size = block_size
        self.erases = erases
        self.out = False
        self._erased = ERASED * block_size
        self.data = bytearray(self._erased * blocks)
        self.bytes_read = 0
        self.bytes_written = 0
        self._reads = log.reads
        self._changes = log.changes
        self._spared = 0  # of the accesses that are to fail, those before this byte do not
        self.sticks = False  # whether nothing can be written after a write that has failed, until the next start
        self.fails = False

    def die(self, after, sound):
        """From the access number `after` on nothing behind the first `sound` bytes can be read or written."""
        self._reads = self._changes = Accesses()
        self._reads.first, self._reads.end = after, FOREVER
        self._spared = sound

    def busy_us(self):
        """How long it has taken to read and to write."""
        return self.bytes_read // (FLASH_BYTES if self.erases else CARD_BYTES) + self.bytes_written * WRITE_US

    def read(self, start, buffer):
        reads = self._reads
        reads.count += 1
        if self.out or (reads.first < reads.count <= reads.end and start >= self._spared):
            reads.failed += 1
            return -EIO
        self.bytes_read += len(buffer)
        copy(buffer, self.data, start, len(buffer))

    def write(self, start, data):
        changes = self._changes
        changes.count += 1
        if self.out or self.fails or (changes.first < changes.count <= changes.end and start >= self._spared):
            self.fails = self.sticks
            return -EIO
        self.bytes_written += len(data)
        if self.log.rot and self.name.startswith("ota_"):
            data = self._arrives(data)
        self.data[start : start + len(data)] = data
        if self.log.keeps:
            self.log.writes.append((self.name, start, bytearray(data)))

    def _arrives(self, data):
        self.log.rot -= 1
        if not self.log.rot:
            data = bytearray(data)
            data[len(data) // 2] ^= 4
        return data

    def erase(self, block):
        return self.write(block * self.block_size, self._erased)


class Port:
    """A chip as a file system sees it between two starts. Files that are still open when the power goes are closed by
    the garbage collector later, and what they write then must not arrive: `off`. What it closes before that cannot be
    written either, since Python has no memory then (MemoryError)."""

    def __init__(self, chip):
        self._chip = chip
        self._read = chip.read
        self._size = chip.block_size
        self.off = False

    def readblocks(self, block, buffer, offset=0):
        if self.off:
            return -EIO
        return self._read(block * self._size + offset, buffer)

    def writeblocks(self, block, buffer, offset=0):
        if self.off:
            return -EIO
        try:
            return self._chip.write(block * self._chip.block_size + offset, buffer)
        except MemoryError:
            return -EIO

    def ioctl(self, op, arg):
        if op == 4:
            return len(self._chip.data) // self._chip.block_size
        if op == 5:
            return self._chip.block_size
        if op == 6:
            if self.off:
                return -EIO
            return (self._chip.erase(arg) or 0) if self._chip.erases else 0


# FAT

CLUSTER_SECTORS = 8
ROOT_ENTRIES = 512
ROOT_SECTOR = 2
DATA_SECTOR = ROOT_SECTOR + ROOT_ENTRIES // 16


def format_fat(chip):
    """FAT12 with clusters of 4 KB, as cards and boards have them; `VfsFat.mkfs` makes clusters of 512 bytes on a disk
    as small as these, in which a directory has to grow after 16 entries."""
    sectors = len(chip.data) // 512
    boot = bytearray(512)
    boot[0:3] = b"\xeb\xfe\x90"
    boot[3:11] = b"MSDOS5.0"
    geometry = (512, CLUSTER_SECTORS, 1, 1, ROOT_ENTRIES, sectors, 0xF8, 1, 63, 255, 0, 0)
    struct.pack_into("<HBHBHHBHHHII", boot, 11, *geometry)
    struct.pack_into("<BBBI", boot, 36, 0x80, 0, 0x29, 1)
    boot[43:54] = b"NO NAME    "
    boot[54:62] = b"FAT12   "
    boot[510:512] = b"\x55\xaa"
    chip.data[: DATA_SECTOR * 512] = bytes(DATA_SECTOR * 512)
    chip.data[:512] = boot
    chip.data[512:515] = b"\xf8\xff\xff"


def lost_clusters(chip):
    """Those in use that belong to no file: the power went between a file's entry and its clusters."""

    def entry(number):
        return (struct.unpack_from("<H", chip.data, 512 + number * 3 // 2)[0] >> number % 2 * 4) & 0xFFF

    clusters = (len(chip.data) // 512 - DATA_SECTOR) // CLUSTER_SECTORS
    used = set([number for number in range(2, clusters + 2) if entry(number)])

    def take(first):
        """The clusters of a file, in order."""
        chain = []
        while first in used:
            used.remove(first)
            chain.append(first)
            first = entry(first)
        return chain

    def walk(start, size):
        for at in range(start, start + size, 32):
            kind, first = chip.data[at + 11], chip.data[at + 26] | chip.data[at + 27] << 8
            if chip.data[at] in (0, 0x2E, 0xE5) or kind & 8:  # none, . or .., removed; a long name
                continue
            for cluster in take(first):
                if kind & 0x10:
                    walk((DATA_SECTOR + (cluster - 2) * CLUSTER_SECTORS) * 512, CLUSTER_SECTORS * 512)

    walk(ROOT_SECTOR * 512, ROOT_ENTRIES * 32)
    return used


def free_clusters(chip, numbers):
    """As a PC does that checks a card."""
    for number in numbers:
        at = 512 + number * 3 // 2
        pair = struct.unpack_from("<H", chip.data, at)[0]
        struct.pack_into("<H", chip.data, at, pair & (0x000F if number % 2 else 0xF000))


def put_name(chip, name):
    """An empty file in the root directory, under the 11 bytes of a short name as a PC with code page 437 writes it:
    MicroPython cannot make a name that is no UTF-8."""
    at = ROOT_SECTOR * 512
    while chip.data[at]:
        at += 32
    chip.data[at : at + 32] = name + b"\x20" + bytes(20)
