"""The firmware's side of a board: ESP-IDF's boot loader and `esp32.Partition`, and Pycom's `pycom`."""

import otadata

MAGIC = 0xE9
ESP_ERR_OTA_VALIDATE_FAILED = 0x1503
ESP_FAIL = -1
ENOENT = 2
EIO = 5
MPY = 6  # what the MicroPython reads that runs this


def make_image(version, mpy, size):
    """An image that tells which it is, and which .mpy files it reads."""
    head = bytes([MAGIC, mpy]) + version.encode() + b"\0"
    return head + bytes([sum(head) & 0xFF]) * (size - len(head))


def image_version(data):
    end = bytes(data[2:80]).find(b"\0")
    return str(bytes(data[2 : 2 + end]), "utf-8")


class Esp32:
    """`rollback`: the boot loader was built with CONFIG_BOOTLOADER_APP_ROLLBACK_ENABLE. `count` app partitions."""

    def __init__(self, chips, rollback=True, count=2):
        self._otadata = chips["otadata"]
        self._apps = [chips["ota_%d" % number] for number in range(count)]
        self._rollback = rollback
        self.running = 0

    def entries(self):
        return [otadata.unpack(self._otadata.data[at : at + 32]) for at in (0, otadata.SECTOR)]

    def _rewrite(self, sector, seq, state):
        """ESP-IDF erases the sector and then writes it, also to change the state of the entry that counts. Whether it
        could."""
        failed = self._otadata.erase(sector) or self._otadata.write(sector * otadata.SECTOR, otadata.pack(seq, state))
        return not failed

    def start(self):
        """What the boot loader does before any MicroPython runs. Returns the app partition that it starts."""
        entries = self.entries()
        if self._rollback:
            for number in (0, 1):
                if entries[number][1] == otadata.PENDING_VERIFY:
                    self._rewrite(number, entries[number][0], otadata.ABORTED)
            entries = self.entries()
        number = otadata.active(entries)
        chosen = otadata.slot(entries, len(self._apps))
        if number is not None and self._rollback and entries[number][1] == otadata.NEW:
            self._rewrite(number, entries[number][0], otadata.PENDING_VERIFY)
        order = list(range(chosen, -1, -1)) + list(range(chosen + 1, len(self._apps)))
        bootable = [app for app in order if self._apps[app].data[0] == MAGIC]
        if not bootable:
            raise OSError("no app partition boots")
        self.running = bootable[0]
        if all(entry[0] == otadata.EMPTY or not entry[2] for entry in entries):
            self._rewrite(0, self.running + 1, otadata.VALID)
        return self.running

    def boots(self):
        return otadata.slot(self.entries(), len(self._apps))

    def set_boot(self, target):
        if self._apps[target].data[0] != MAGIC:
            raise OSError(-ESP_ERR_OTA_VALIDATE_FAILED, "ESP_ERR_OTA_VALIDATE_FAILED")
        sector, seq = otadata.successor(self.entries(), target, len(self._apps))
        if not self._rewrite(sector, seq, otadata.NEW if self._rollback else otadata.UNDEFINED):
            raise OSError(EIO)

    def mark_valid(self):
        """The active entry of otadata, whichever image runs."""
        entries = self.entries()
        number = otadata.active(entries)
        if number is None or not self._rollback:
            raise OSError(-ESP_FAIL, "ESP_FAIL")
        if entries[number][1] != otadata.VALID and not self._rewrite(number, entries[number][0], otadata.VALID):
            raise OSError(EIO)

    def image(self):
        return self._apps[self.running]

    def modules(self):
        """What the firmware has beside MicroPython's own modules, by name."""
        firmware = self
        apps = self._apps

        class Partition:
            BOOT = 0
            RUNNING = 1
            TYPE_APP = 0
            TYPE_DATA = 1

            def __init__(self, which, block_size=4096):
                if isinstance(which, int):
                    self._number = firmware.running if which == Partition.RUNNING else firmware.boots()
                else:
                    labels = [chip.name for chip in apps]
                    if which not in labels:
                        raise OSError(ENOENT)
                    self._number = labels.index(which)
                self._chip = apps[self._number]

            @staticmethod
            def find(type=TYPE_APP, subtype=0xFF, label=None, block_size=4096):
                if type != Partition.TYPE_APP:
                    return []
                return [Partition(chip.name) for chip in apps if label in (None, chip.name)]

            def info(self):
                size = len(self._chip.data)
                return (0, 16 + self._number, 0x10000 + self._number * size, size, self._chip.name, False)

            def readblocks(self, block, buffer, offset=0):
                if self._chip.read(block * 4096 + offset, buffer):
                    raise OSError(EIO)

            def writeblocks(self, block, buffer, offset=None):
                """Without an offset it erases the blocks first."""
                failed = False
                if offset is None:
                    for number in range(-(-len(buffer) // 4096)):
                        failed = failed or self._chip.erase(block + number)
                if failed or self._chip.write(block * 4096 + (offset or 0), buffer):
                    raise OSError(EIO)

            def ioctl(self, op, arg):
                if op == 4:
                    return len(self._chip.data) // 4096
                if op == 5:
                    return 4096
                if op == 6:
                    if self._chip.erase(arg):
                        raise OSError(EIO)
                    return 0

            def set_boot(self):
                firmware.set_boot(self._number)

            def get_next_update(self):
                if len(apps) < 2:
                    raise OSError(ENOENT)
                return Partition(apps[(self._number + 1) % len(apps)].name)

            @staticmethod
            def mark_app_valid_cancel_rollback():
                firmware.mark_valid()

        return {"esp32": {"Partition": Partition}}


class Pycom:
    """What is written and not switched to is lost with the power; there is no reading back."""

    NAMES = ("Factory", "ota_0")

    def __init__(self, chips):
        self._boot = chips["otadata"]
        self._apps = [chips["ota_0"], chips["ota_1"]]
        self.running = 0

    def start(self):
        self.running = self.boots()
        return self.running

    def boots(self):
        return 1 if self._boot.data[0] == 1 else 0

    def image(self):
        return self._apps[self.running]

    def _switch(self, number):
        if self._boot.write(0, bytes([number])):
            raise OSError(EIO)

    def modules(self):
        firmware = self
        written = [None]

        def bootmgr(boot_partition=None):
            if boot_partition is None:
                return (self.NAMES[self.boots()], "FAT", "SafeBoot_False", "Status_OK")
            if type(boot_partition) is not int:
                raise TypeError("can't convert %s to int" % type(boot_partition).__name__)
            self._switch(boot_partition)

        def ota_start():
            written[0] = 0
            chip = self._apps[1 - self.running]
            for block in range(len(chip.data) // chip.block_size):
                chip.erase(block)

        def ota_write(data):
            if written[0] is None or self._apps[1 - self.running].write(written[0], data):
                raise OSError(EIO)
            written[0] += len(data)

        def ota_finish():
            if not written[0] or self._apps[1 - firmware.running].data[0] != MAGIC:
                raise OSError(EIO)
            self._switch(1 - self.running)

        functions = {"bootmgr": bootmgr, "ota_start": ota_start, "ota_write": ota_write, "ota_finish": ota_finish}
        return {"pycom": functions}


class Single:
    """A board whose firmware is not written over the air, as an RP2040."""

    running = 0

    def __init__(self, chips):
        self._app = chips["ota_0"]

    def start(self):
        return 0

    def boots(self):
        return 0

    def image(self):
        return self._app

    def modules(self):
        return {}
