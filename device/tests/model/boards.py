"""A board that MicroPython runs in memory: flash, card and firmware, how it starts, and what its modules tell."""

import gc
import os
import sys
import time
import vfs

import mpy
from devices import Chip, Log, Port, format_fat
from firmware import MPY, Esp32, Pycom, Single

POWER, RESET, WATCHDOG, WAKE, SOFT = "power", "reset", "watchdog", "wake", "soft"
CAUSES = {
    "esp32": {"PWRON_RESET": 1, "HARD_RESET": 2, "WDT_RESET": 3, "DEEPSLEEP_RESET": 4, "SOFT_RESET": 5},
    "rp2040": {"PWRON_RESET": 1, "WDT_RESET": 3},
}
CAUSE = {
    "esp32": {POWER: 1, RESET: 2, WATCHDOG: 3, WAKE: 4, SOFT: 5},
    # A reset, a watchdog's bite and a wake read alike there, and a soft reset leaves what it was.
    "rp2040": {POWER: 1, RESET: 3, WATCHDOG: 3, WAKE: 3},
}
FIRMWARES = ("esp32", "esp32, no rollback", "esp32, one app", "pycom", "rp2040")
STARTS = 14  # more resets in a row than these are a board that never ends starting
SIMULATOR = (
    "__main__",
    "application",
    "boards",
    "clients",
    "devices",
    "features",
    "firmware",
    "harm",
    "judge",
    "mpy",
    "native",
    "otadata",
    "patch",
    "releases",
    "story",
    "tester",
    "tree",
    "witness",
)
TICKS = 1 << 30
MINUTE = 60000  # a tool's soft reset comes when the board has run for a while


class Restart(BaseException):
    """machine.reset() and the like; no `except Exception` in the code under test stops it."""

    def __init__(self, cause):
        super().__init__(cause)
        self.cause = cause


class Loop(Exception):
    """The board resets itself again and again."""


class Module:
    def __init__(self, **names):
        for name in names:
            setattr(self, name, names[name])


class Watchdog:
    """Measures the longest time between two feeds, by what the board has slept and what its chips take to read and to
    write."""

    def __init__(self, board):
        self._board = board
        self._fed = None  # when; None while nobody runs the board
        self._longest = 0

    def feed(self):
        if self._fed is not None:
            now = self._now()
            self._longest = max(self._longest, now - self._fed)
            self._fed = now

    def begin(self):
        self._fed = self._now()

    def end(self):
        self.feed()
        self._fed = None

    def take(self):
        """The longest time so far, in milliseconds, and begins anew."""
        longest = self._longest
        self._longest = 0
        return longest

    def _now(self):
        return self._board.slept + sum([chip.busy_us() for chip in self._board.chips.values()]) // 1000


class Board:
    """`kind` is the flash's file system, `littlefs` or `FAT`; `card` that of the card, or of the second flash chip that
    is in its place. `progsize` is what littlefs programs at once: 256 bytes on an RP2040, 32 on an ESP32, where the
    same takes four times as many accesses. `root` is where the flash is mounted, `/flash` as on Pycom's boards or
    nothing as on most others.
    """

    FLASH = {"littlefs": (4096, 224, True), "FAT": (512, 2700, False)}
    CARD = (512, 1000, False)
    APP_BLOCKS = 8

    def __init__(self, kind, firmware="esp32", flash_blocks=None, progsize=256, root="/flash", card="FAT"):
        self.kind = kind
        self.card = card
        self.progsize = progsize
        self.root = root
        self.firmware_kind = firmware
        self.log = Log()
        self.chips = {}
        size, blocks, erases = self.FLASH[kind]
        self._add("flash", size, flash_blocks or blocks, erases)
        self._add("sd", *self.CARD)
        self._add("ota_0", 4096, self.APP_BLOCKS, True)
        self._add("ota_1", 4096, self.APP_BLOCKS, True)
        self._add("otadata", 4096, 2, True)
        # When one write fails and the next one works, littlefs damages itself, and there is nothing that a client could
        # do: see findings/littlefs-failed-write-damages-later-ones.sh.
        self.chips["flash"].sticks = kind == "littlefs"
        self.chips["sd"].sticks = card == "littlefs"
        if firmware == "pycom":
            self.firmware = Pycom(self.chips)
        elif firmware == "rp2040":
            self.firmware = Single(self.chips)
        else:
            self.firmware = Esp32(self.chips, firmware == "esp32", 1 if "one app" in firmware else 2)
        self.family = "rp2040" if firmware == "rp2040" else "esp32"
        self.cause = CAUSE[self.family][POWER]
        self.collects = True  # whether gc.collect() does
        self.writes_firmware = firmware not in ("esp32, one app", "rp2040")
        self.watchdog = Watchdog(self)
        self.clock = 0
        self.slept = 0  # milliseconds, in all starts
        self.starts = 0
        self.error = None  # what boot.py ended with
        self.keeps_before = False  # whether there is to be
        self.before = None  # the image before the last start
        self.replaces = len  # set to the client's
        # Whether an import of a .mpy file tells that it cannot be read, where MicroPython reads on for ever after an
        # error; and stat() that it has swallowed one.
        self.reports = False
        self._ports = []
        # A file on FAT that nobody has closed does not keep its file system from the garbage collector, and then writes
        # to memory that is somebody else's. So they all stay, until `collect()`.
        self._systems = []
        self._fakes = {}

    def _add(self, name, block_size, blocks, erases):
        self.chips[name] = Chip(self.log, name, block_size, blocks, erases)

    def format(self):
        flash = self.chips["flash"]
        if self.kind == "littlefs":
            vfs.VfsLfs2.mkfs(Port(flash), readsize=self.progsize, progsize=self.progsize)
        else:
            format_fat(flash)
        self.format_card()

    def format_card(self):
        if self.card == "littlefs":
            vfs.VfsLfs2.mkfs(self._port("sd"))
        else:
            format_fat(self.chips["sd"])

    # What is there, as a whole

    def save(self):
        """An image of all that stays without power, and which app partition runs."""
        return {name: bytearray(chip.data) for name, chip in self.chips.items()}, self.firmware.running

    def load(self, image):
        self.power_off()
        contents, self.firmware.running = image
        for name in contents:
            self.chips[name].data[:] = contents[name]

    def record(self, action):
        """What `action` writes, in order."""
        self.log.writes = []
        self.log.keeps = True
        try:
            action()
        finally:
            self.log.keeps = False
        return self.log.writes

    def cut(self, image, writes, number, torn):
        """The power goes before write `number`, or in the middle of it."""
        self.load(image)
        for name, start, data in writes[:number]:
            self.chips[name].data[start : start + len(data)] = data
        if torn and number < len(writes):
            name, start, data = writes[number]
            half = data[: len(data) // 2]
            self.chips[name].data[start : start + len(half)] = half

    def fat_chips(self):
        return [self.chips[name] for name in self.fat_mounts()]

    def fat_mounts(self):
        return [name for name, kind in (("flash", self.kind), ("sd", self.card)) if kind == "FAT"]

    def real(self, path):
        """Where a device path is on this board."""
        return self.root + path[len("flash") :] if path[:5] == "flash" else "/" + path

    # Starting

    def power_off(self):
        for port in self._ports:
            port.off = True
        for chip in self.chips.values():
            chip.fails = False
        self._ports = []
        for root in ("/sd", self.root or "/"):
            try:
                vfs.umount(root)
            except OSError:
                pass

    def collect(self):
        """Without power: closes what nobody has closed, and lets go of the file systems of before."""
        self.power_off()
        gc.collect()
        self._systems = []

    def _port(self, name):
        port = Port(self.chips[name])
        self._ports.append(port)
        return port

    def mount(self):
        """The flash, as the firmware mounts it before boot.py."""
        port = self._port("flash")
        if self.kind == "littlefs":
            # A board's driver reads 32 bytes at once; this takes two thirds of the time, and writes are the same.
            # Without the time of this machine in its files a round is the same each time.
            system = vfs.VfsLfs2(port, readsize=self.progsize, progsize=self.progsize, mtime=False)
        else:
            system = vfs.VfsFat(port)
        self._systems.append(system)
        vfs.mount(self._readable(system), self.root or "/")

    def mount_all(self):
        """As it was before an action, without running boot.py, which counts starts."""
        self.power_off()
        self._install()
        self.mount()
        self.prepare()
        if not self.chips["sd"].out:
            os.mount(self._card(), "/sd")

    def prepare(self):
        """What else stands in for MicroPython's modules; the client's replaces()."""
        self.replaces(self._fakes)

    def _readable(self, system):
        read = self.mpy()
        return system if read == MPY and not self.reports else mpy.Translated(system, read, self.log.reads)

    def mpy(self):
        """Which .mpy files the firmware that runs reads."""
        return self.firmware.image().data[1]

    def start(self, cause=POWER):
        """Starts, and again for each reset, until boot.py has run; a boot.py that fails does not stop the board."""
        if self.keeps_before:
            self.before = self.save()
        for _ in range(STARTS):
            self.starts += 1
            self.power_off()
            self.cause = CAUSE[self.family].get(cause, self.cause)
            if cause == SOFT:
                self.clock += MINUTE
            else:
                self.clock = 0
                self.firmware.start()
            self._install()
            self.error = None
            try:
                self.mount()
                self.prepare()
                with open(self.real("flash/boot.py")) as file:
                    source = file.read()
                self.watchdog.begin()
                exec(source, {"__name__": "boot"})
            except Restart as restart:
                self.watchdog.end()
                cause = restart.cause
                continue
            except Exception as error:
                self.error = error
            self.watchdog.end()
            return
        raise Loop("%d resets in a row" % STARTS)

    def run(self, action):
        """`action()` until it ends or resets the board; then the start that follows."""
        self.watchdog.begin()
        try:
            return action()
        except Restart as restart:
            self.watchdog.end()
            self.start(restart.cause)
        finally:
            self.watchdog.end()

    # Modules

    def forget_modules(self):
        """As after a reset: nothing is imported but the simulator and what the board has in place of MicroPython's."""
        for name in list(sys.modules):
            if name not in SIMULATOR and name not in self._fakes:
                del sys.modules[name]

    def _install(self):
        self._fakes = self._modules()
        self.forget_modules()
        for name, module in self._fakes.items():
            sys.modules[name] = module
        sys.path[:] = [self.root, self.root + "/lib"]
        self.error = None
        mpy.watch_imports(self.reports or self.mpy() != MPY)

    def _modules(self):
        causes = CAUSES[self.family]
        modules = {
            "machine": Module(
                reset=lambda: self._restart(RESET),
                soft_reset=lambda: self._restart(SOFT),
                deepsleep=lambda duration=0: self._restart(WAKE),
                reset_cause=lambda: self.cause,
                SD=self._card,
                WDT=lambda timeout=0: self.watchdog,
                **causes,
            ),
            "time": Module(
                ticks_ms=self._ticks,
                ticks_add=time.ticks_add,
                ticks_diff=time.ticks_diff,
                sleep_ms=self._sleep,
                sleep=lambda seconds: self._sleep(int(seconds * 1000)),
                time=lambda: 0,
            ),
        }
        modules["utime"] = modules["time"]
        if not self.collects:
            modules["gc"] = Module(collect=lambda: None)
        for name, names in self.firmware.modules().items():
            modules[name] = Module(**names)
        if self.firmware_kind == "pycom":
            names = {name: getattr(os, name) for name in dir(os) if name[0] != "_"}
            names["uname"] = lambda: ("GPy", "slot %d" % self.firmware.running)
            modules["os"] = modules["uos"] = Module(**names)
        if self.mpy() != MPY:
            modules["sys"] = modules["usys"] = mpy.system(self.mpy())
        return modules

    def _restart(self, cause):
        raise Restart(cause)

    def _card(self):
        if self.chips["sd"].out:
            raise OSError(19)
        port = self._port("sd")
        system = vfs.VfsLfs2(port, mtime=False) if self.card == "littlefs" else vfs.VfsFat(port)
        self._systems.append(system)
        return system

    def _ticks(self):
        self.clock += 1
        return self.clock % TICKS

    def _sleep(self, duration):
        self.clock += duration
        self.slept += duration
