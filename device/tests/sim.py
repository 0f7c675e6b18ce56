"""A board in memory, run by MicroPython: flash, SD card and firmware partitions under real file systems.

Every block write and erase, on whichever device, goes to one log. What a power cut leaves is exactly the log up to
that point, so a run is done once and each cut is made from its log.
"""

import gc
import hashlib
import os
import struct
import sys
import vfs

ERASED = b"\xff"
CLIENT = ("OTA", "airwaybill", "airwaybill_boot", "airwaybill_before", "airwaybill_old")


class Cut(Exception):
    pass


class Restart(BaseException):
    """machine.reset(); no `except Exception` in the code under test stops it."""


class Device:
    def __init__(self, log, name, block_size, blocks, erases):
        self.log = log
        self.name = name
        self.block_size = block_size
        self.erases = erases
        self.data = bytearray(ERASED * (block_size * blocks))

    def readblocks(self, block, buffer, offset=0):
        start = block * self.block_size + offset
        buffer[:] = memoryview(self.data)[start : start + len(buffer)]

    def writeblocks(self, block, buffer, offset=0):
        self._put(block * self.block_size + offset, bytes(buffer))

    def _put(self, start, data):
        self.data[start : start + len(data)] = data
        if self.log is not None:
            self.log.append((self.name, start, data))

    def ioctl(self, op, arg):
        if op == 4:
            return len(self.data) // self.block_size
        if op == 5:
            return self.block_size
        if op == 6:
            if self.erases:
                self._put(arg * self.block_size, ERASED * self.block_size)
            return 0


class Board:
    """`kind` is the flash's file system, `littlefs` or `FAT`; the card has FAT, as cards do."""

    FIRMWARE_BLOCKS = 4

    def __init__(self, kind):
        self.kind = kind
        self.log = []
        self.devices = {}
        if kind == "littlefs":
            self._add("flash", 4096, 160, True)
        else:
            self._add("flash", 512, 2000, False)
        self._add("sd", 512, 500, False)
        self._add("ota_0", 4096, self.FIRMWARE_BLOCKS, True)
        self._add("ota_1", 4096, self.FIRMWARE_BLOCKS, True)
        # One byte, the number of the partition that the boot loader starts: set in one write, as ESP-IDF does it.
        self._add("otadata", 1, 1, False)
        self.running = 0
        self.resets = 0

    def format(self):
        flash = self.devices["flash"]
        if self.kind == "littlefs":
            vfs.VfsLfs2.mkfs(flash, progsize=PROGSIZE)
        else:
            format_fat(flash)
        format_fat(self.devices["sd"])
        self.devices["otadata"].data[0] = 0
        self.log.clear()

    def _add(self, name, block_size, blocks, erases):
        self.devices[name] = Device(self.log, name, block_size, blocks, erases)

    def digest(self):
        """Tells one state of all that lasts from another."""
        digest = hashlib.sha256()
        for name in sorted(self.devices):
            digest.update(self.devices[name].data)
        return digest.digest()[:8]

    def snapshot(self):
        return {name: bytes(device.data) for name, device in self.devices.items()}

    def restore(self, image):
        for name, data in image.items():
            self.devices[name].data[:] = data

    def mount(self):
        flash = self.devices["flash"]
        if self.kind == "littlefs":
            vfs.mount(vfs.VfsLfs2(flash, progsize=PROGSIZE), "/flash")
        else:
            vfs.mount(vfs.VfsFat(flash), "/flash")
        self.running = self.devices["otadata"].data[0]

    def unmount(self):
        for root in ("/sd", "/flash"):
            try:
                vfs.umount(root)
            except OSError:
                pass

    def power_on(self, limit=12):
        """Starts, and starts again for each reset, until boot.py runs through."""
        for _ in range(limit):
            self.unmount()
            for name in list(sys.modules):
                if name.split(".")[0] in CLIENT + ("app_a", "boot"):
                    del sys.modules[name]
            self.mount()
            preload()
            try:
                with open("/flash/boot.py") as file:
                    exec(file.read(), {})
                return
            except Restart:
                self.resets += 1
        raise Cut("it starts again and again")

    def run(self, action):
        """`action()` until it ends or resets the board; then the start that follows."""
        try:
            action()
        except Restart:
            self.power_on()


def format_fat(device):
    """FAT12 with clusters of 4 KB, as cards and boards have them; `VfsFat.mkfs` makes clusters of 512 bytes on a disk
    as small as these, in which a directory has to grow after 16 entries."""
    sectors = len(device.data) // 512
    fat_sectors = 1
    root_entries = 512
    boot = bytearray(512)
    boot[0:3] = b"\xeb\xfe\x90"
    boot[3:11] = b"MSDOS5.0"
    struct.pack_into("<HBHBHHBHHHII", boot, 11, 512, 8, 1, 1, root_entries, sectors, 0xF8, fat_sectors, 63, 255, 0, 0)
    struct.pack_into("<BBBI", boot, 36, 0x80, 0, 0x29, 1)
    boot[43:54] = b"NO NAME    "
    boot[54:62] = b"FAT12   "
    boot[510:512] = b"\x55\xaa"
    tables = 1 + fat_sectors + root_entries // 16
    device.data[: tables * 512] = bytes(tables * 512)
    device.data[:512] = boot
    device.data[512:515] = b"\xf8\xff\xff"


PROGSIZE = 32


def read_tree():
    """{device path: content} of everything but the client's own directory."""
    tree = {}
    for top in ("flash", "sd"):
        walk("/" + top, top, tree)
    return tree


def walk(real, path, tree):
    for entry in os.ilistdir(real):
        name = entry[0]
        if path in ("flash", "sd") and name == "waybill":
            continue
        if entry[1] & 0x4000:
            size = len(tree)
            walk(real + "/" + name, path + "/" + name, tree)
            if len(tree) == size:
                tree[path + "/" + name + "/"] = b""
        else:
            with open(real + "/" + name, "rb") as file:
                tree[path + "/" + name] = file.read()


def write_tree(tree):
    for path, content in tree.items():
        at = path.find("/", path.find("/") + 1)
        while at > 0:
            try:
                os.mkdir("/" + path[:at])
            except OSError:
                pass
            at = path.find("/", at + 1)
        with open("/" + path, "wb") as file:
            file.write(content)


# Fakes, put in through sys.modules

board = None


class Partition:
    BOOT = 0
    RUNNING = 1
    TYPE_APP = 0
    valid = 0

    def __init__(self, which):
        if which == Partition.RUNNING:
            which = "ota_%d" % board.running
        elif which == Partition.BOOT:
            which = "ota_%d" % board.devices["otadata"].data[0]
        self._device = board.devices[which]

    def info(self):
        return (0, 16, 0x10000, len(self._device.data), self._device.name, False)

    def get_next_update(self):
        return Partition("ota_1" if self._device.name == "ota_0" else "ota_0")

    def ioctl(self, op, arg):
        return self._device.ioctl(op, arg)

    def writeblocks(self, block, buffer, offset=0):
        self._device.writeblocks(block, buffer, offset)

    def readblocks(self, block, buffer, offset=0):
        self._device.readblocks(block, buffer, offset)

    def set_boot(self):
        board.devices["otadata"].writeblocks(0, bytes([int(self._device.name[-1])]))

    @staticmethod
    def find(type, label=None):
        return [Partition(label)]

    @staticmethod
    def mark_app_valid_cancel_rollback():
        Partition.valid += 1


class Module:
    def __init__(self, **names):
        for name in names:
            setattr(self, name, names[name])


def reset():
    raise Restart()


def preload():
    """Recovery with the fakes: it imports built-in modules past sys.modules too, as an empty sys.path has it."""
    for package in ("airwaybill_boot", "airwaybill_before"):
        try:
            recovery = __import__(package)
        except Exception:
            continue  # boot.py finds that out
        for name in ("machine", "esp32", "pycom"):
            setattr(recovery, name, sys.modules.get(name))
        if hasattr(recovery, "boot"):
            return


def install_fakes():
    sys.modules["machine"] = Module(
        reset=reset,
        reset_cause=lambda: 1,
        SOFT_RESET=5,
        SD=lambda: board.devices["sd"],
        WDT=lambda timeout=0: None,
    )
    sys.modules["esp32"] = Module(Partition=Partition)
    sys.path[:] = ["/flash", "/flash/lib"]
    gc.threshold(4000000)
