"""Takes a board made of directories through a list of steps: micropython scenario.py CLIENT SPEC

The spec is a JSON file: `root`, a directory with flash/ and sd/; `port`; `board`, which firmware functions it has
(`esp32`, `pycom`, or null); `settings` for HTTPOTA, `attributes` to set on it; `steps`, each a name and keyword
arguments; `blocks` puts the flash into a littlefs of so many, or with `fat` into a FAT, whose writes are in `log`;
`watchdog` counts in `fed`; `broken` is a path to which nothing can be renamed. `start` is one start of the board, `run`
evaluates code, anything else is a method of the client. Prints a list with the result of each step.
"""

import asyncio
import json
import os
import sys
import time
import vfs

with open(sys.argv[2]) as file:
    spec = json.load(file)
sys.path[:] = [spec.get("client", sys.argv[1]), __file__.rsplit("/", 1)[0] + "/model", ".frozen"]
ROOT = spec["root"]
CLIENT = ("OTA", "airwaybill", "airwaybill_boot", "airwaybill_old")
erased = []  # blocks of the firmware's partitions


class Module:
    def __init__(self, **names):
        for name in names:
            setattr(self, name, names[name])


class Directory:
    """A file system in a directory. (With a root, VfsPosix of MicroPython 1.28 renames no file: both of its paths lie
    in one buffer.)"""

    def __init__(self, root):
        self.root = root

    def mount(self, readonly, mkfs):
        pass

    def umount(self):
        pass

    def real(self, path):
        return self.root + path if isinstance(path, str) else self.root.encode() + path

    def open(self, path, mode):
        return open(self.real(path), mode)

    def ilistdir(self, path):
        return os.ilistdir(self.real(path))

    def stat(self, path):
        return os.stat(self.real(path))

    def statvfs(self, path):
        return os.statvfs(self.root)

    def mkdir(self, path):
        os.mkdir(self.real(path))

    def rmdir(self, path):
        os.rmdir(self.real(path))

    def remove(self, path):
        os.remove(self.real(path))

    def rename(self, old, new):
        os.rename(self.real(old), self.real(new))


def note(name, text=None):
    """A small file beside the board's file systems."""
    if text is None:
        try:
            with open(ROOT + "/" + name) as file:
                return file.read()
        except OSError:
            return None
    with open(ROOT + "/" + name, "w") as file:
        file.write(text)


class Partition:
    BOOT = 0
    RUNNING = 1
    TYPE_APP = 0

    def __init__(self, which):
        self.label = which if isinstance(which, str) else note("running" if which else "boot") or "ota_0"

    def info(self):
        return (0, 16, 0x10000, 262144, self.label, False)

    def get_next_update(self):
        if note("no_second"):
            raise OSError(2)
        return Partition("ota_1" if self.label == "ota_0" else "ota_0")

    def _file(self):
        path = ROOT + "/" + self.label
        try:
            return open(path, "r+b")
        except OSError:
            return open(path, "w+b")

    def ioctl(self, op, block):
        erased.append(block)
        with self._file() as file:
            file.seek(block * 4096)
            file.write(b"\xff" * 4096)

    def readblocks(self, block, buffer, offset=0):
        with self._file() as file:
            file.seek(block * 4096 + offset)
            file.readinto(buffer)

    def writeblocks(self, block, data, offset=0):
        assert offset + len(data) <= 4096 and len(data) % 16 == 0
        with self._file() as file:
            file.seek(block * 4096 + offset)
            file.write(data)

    def set_boot(self):
        if note("bad_image"):
            raise OSError(-5379)
        note("boot", self.label)

    @staticmethod
    def find(type, label=None):
        return [Partition(label)]

    @staticmethod
    def mark_app_valid_cancel_rollback():
        note("valid", note("boot") or "ota_0")


class Pycom:
    def bootmgr(self, boot_partition=None):
        """As the firmware has it: numbers in, names out."""
        if note("no_bootmgr"):
            raise TypeError("function missing arguments")
        if boot_partition is None:
            return (note("boot") or "Factory", "FAT", "SafeBoot_False", "Status_OK")
        if type(boot_partition) is not int:
            raise TypeError("can't convert %s to int" % type(boot_partition).__name__)
        note("boot", ("Factory", "ota_0")[boot_partition])

    def ota_start(self):
        self.data = bytearray()

    def ota_write(self, data):
        self.data.extend(data)

    def ota_finish(self):
        with open(ROOT + "/image", "wb") as file:
            file.write(self.data)
        note("boot", "Factory" if note("running") == "ota_0" else "ota_0")


fakes = {"machine": Module(reset_cause=lambda: 1, SOFT_RESET=5), "esp32": None, "pycom": None, "os": os}


def named(module, **others):
    """A module with other functions in it."""
    names = {name: getattr(module, name) for name in dir(module) if not name.startswith("__")}
    names.update(others)
    return Module(**names)


def rename(old, new):
    if new == spec["broken"]:
        raise OSError(5)
    os.rename(old, new)


if "broken" in spec:
    fakes["os"] = named(os, rename=rename)
if spec.get("board") == "esp32":
    fakes["esp32"] = Module(Partition=Partition)
elif spec.get("board") == "pycom":
    fakes["pycom"] = Pycom()
    fakes["os"] = named(os, uname=lambda: ("GPy", note("running") or "Factory"))


def copy_in(source, target):
    for entry in os.ilistdir(source):
        if entry[1] & 0x4000:
            os.mkdir(target + "/" + entry[0])
            copy_in(source + "/" + entry[0], target + "/" + entry[0])
        else:
            with open(source + "/" + entry[0], "rb") as reader, open(target + "/" + entry[0], "wb") as writer:
                writer.write(reader.read())


pauses = []
fed = []
log = []  # what is written to a flash in memory
told = []  # what progress= was told
sleep_ms = time.sleep_ms


def sleep(duration):
    pauses.append(duration)
    if duration < 100:
        sleep_ms(duration)


# What the client sees as `time`: long pauses are noted, not waited for.
fakes["time"] = sys.modules["time"] = sys.modules["utime"] = Module(
    sleep_ms=sleep, ticks_ms=time.ticks_ms, ticks_add=time.ticks_add, ticks_diff=time.ticks_diff
)

mounts = {"flash": "/flash", "sd": "/sd"}
vfs.mount(Directory(ROOT + "/flash"), "/flash")
if "sd" in os.listdir(ROOT):
    vfs.mount(Directory(ROOT + "/sd"), "/sd")
if spec.get("blocks"):
    from devices import Chip, Log, Port, format_fat

    if spec.get("fat"):
        chip = Chip(Log(), "flash", 512, spec["blocks"] * 8, False)
        format_fat(chip)
        file_system = vfs.VfsFat(Port(chip))
    else:
        chip = Chip(Log(), "flash", 4096, spec["blocks"], True)
        vfs.VfsLfs2.mkfs(Port(chip))
        file_system = vfs.VfsLfs2(Port(chip))
    chip.log.keeps = True
    log = chip.log.writes
    vfs.mount(file_system, "/new")
    copy_in("/flash", "/new")
    vfs.umount("/new")
    vfs.umount("/flash")
    vfs.mount(file_system, "/flash")


def load():
    """The client, as after a reset."""
    for name in list(sys.modules):
        if name.split(".")[0] in CLIENT:
            del sys.modules[name]
    import airwaybill_boot

    for name in fakes:
        setattr(airwaybill_boot, name, fakes[name])


def make():
    from OTA import HTTPOTA

    settings = spec.get("settings", {})
    if spec.get("watchdog"):
        settings["feed"] = feed
    ota = HTTPOTA("127.0.0.1", spec["port"], mounts=mounts, **settings)
    ota.pause_ms = 1
    for name, value in spec.get("attributes", {}).items():
        setattr(ota, name, value)
    return ota


def feed():
    fed.append(1)


def start():
    """The boot loader, then boot.py."""
    note("running", note("boot") or ("Factory" if spec.get("board") == "pycom" else "ota_0"))
    load()
    from OTA import OTA

    OTA.boot(mounts, reset=False, feed=feed if spec.get("watchdog") else None)
    return make()


def fill(path):
    """Takes all the room there is."""
    with open(path, "wb") as file:
        try:
            while True:
                file.write(bytes(256))
                file.flush()
        except OSError:
            pass


def tell(*seen):
    told.append(seen)


async def beside(arguments, cancel=False):
    """[the result of update_async(), how often another task has run meanwhile]; cancelled at its first progress."""

    async def tick():
        while True:
            ticks.append(1)
            if cancel and told:
                update.cancel()
            await asyncio.sleep_ms(1)

    ticks = []
    update = asyncio.create_task(ota.update_async(**arguments))
    other = asyncio.create_task(tick())
    try:
        result = await update
    except asyncio.CancelledError:
        result = "cancelled"
    other.cancel()
    return [result, len(ticks)]


load()
ota = make()
results = []
for name, arguments in spec["steps"]:
    try:
        if name == "start":
            ota = start()
            result = None
        elif name == "list":
            result = sorted(os.listdir(arguments["path"]))
        elif name == "run":
            result = eval(arguments["code"])
        else:
            if name in ("update", "update_async", "rollback"):
                arguments["reset"] = False
            if "progress" in arguments:
                arguments["progress"] = tell
            if name == "update_async":
                result = asyncio.run(beside(arguments, arguments.pop("cancel", False)))
            else:
                result = getattr(ota, name)(**arguments)
    except Exception as error:
        code = getattr(error, "code", None)
        if code is None:
            sys.print_exception(error)
        result = {"code": code or type(error).__name__, "detail": getattr(error, "detail", str(error))}
    results.append(result)
print(json.dumps(results))
