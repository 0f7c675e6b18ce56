"""Takes a board made of directories through a list of steps: micropython scenario.py CLIENT SPEC

The spec is a JSON file: `root`, a directory with flash/ and sd/; `port`; `board`, which firmware functions it has
(`esp32`, `pycom`, or null); `settings` for HTTPOTA, `attributes` to set on it; `steps`, each a name and keyword
arguments; `blocks` puts the flash into a littlefs of so many; `watchdog` counts in `fed`. Prints a list with the result
of each step.
"""

import json
import os
import sys
import time

with open(sys.argv[2]) as file:
    spec = json.load(file)
sys.path.insert(0, spec.get("client", sys.argv[1]))
ROOT = spec["root"]


class Module:
    def __init__(self, **names):
        for name in names:
            setattr(self, name, names[name])


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
        with self._file() as file:
            file.seek(block * 4096)
            file.write(b"\xff" * 4096)

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
        note("valid", note("running") or "ota_0")


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


if spec.get("board") == "esp32":
    sys.modules["esp32"] = Module(Partition=Partition)
elif spec.get("board") == "pycom":
    sys.modules["pycom"] = Pycom()
    names = {name: getattr(os, name) for name in dir(os) if not name.startswith("__")}
    names["uname"] = lambda: ("GPy", note("running") or "Factory")
    sys.modules["os"] = Module(**names)


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
sleep_ms = time.sleep_ms


def sleep(duration):
    pauses.append(duration)
    if duration < 100:
        sleep_ms(duration)


# What the client sees as `time`: long pauses are noted, not waited for.
sys.modules["time"] = sys.modules["utime"] = Module(
    sleep_ms=sleep, ticks_ms=time.ticks_ms, ticks_add=time.ticks_add, ticks_diff=time.ticks_diff
)

mounts = {"flash": ROOT + "/flash", "sd": ROOT + "/sd"}
if spec.get("blocks"):
    import sim
    import vfs

    device = sim.Device(None, "flash", 4096, spec["blocks"], True)
    vfs.VfsLfs2.mkfs(device)
    vfs.mount(vfs.VfsLfs2(device), "/flash")
    copy_in(mounts["flash"], "/flash")
    mounts["flash"] = "/flash"


def make():
    from OTA import HTTPOTA

    settings = spec.get("settings", {})
    if spec.get("watchdog"):
        settings["feed"] = lambda: fed.append(1)
    ota = HTTPOTA("127.0.0.1", spec["port"], mounts=mounts, **settings)
    ota.pause_ms = 1
    for name, value in spec.get("attributes", {}).items():
        setattr(ota, name, value)
    return ota


def start(ota):
    """The boot loader, then boot.py."""
    note("running", note("boot") or ("Factory" if spec.get("board") == "pycom" else "ota_0"))
    for name in list(sys.modules):
        if name == "OTA" or name.startswith("ota_"):
            del sys.modules[name]
    from OTA import OTA

    OTA.boot(mounts, reset=False)
    return make()


ota = make()
results = []
for name, arguments in spec["steps"]:
    try:
        if name == "start":
            ota = start(ota)
            result = None
        elif name == "list":
            result = sorted(os.listdir(arguments["path"]))
        elif name == "run":
            result = eval(arguments["code"])
        else:
            if name in ("update", "rollback"):
                arguments["reset"] = False
            result = getattr(ota, name)(**arguments)
    except Exception as error:
        code = getattr(error, "code", None)
        if code is None:
            sys.print_exception(error)
        result = {"code": code or type(error).__name__, "detail": getattr(error, "detail", str(error))}
    results.append(result)
print(json.dumps(results))
