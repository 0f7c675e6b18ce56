"""What the tester has to know of a client: one class for each edition, and the link that all of them use."""

import binascii
import hashlib
import json
import os

import mpy
from firmware import MPY
from releases import OTHER_MPY

ECONNRESET = 104
PART = 512


class Link:
    """Brings `each` bytes with a connection and `whole` altogether; None is without end."""

    def __init__(self, each=None, whole=None):
        self.each = each
        self.whole = whole
        self._left = each

    def take(self, size):
        """How many of `size` bytes come. After fewer, the connection is gone."""
        for left in (self._left, self.whole):
            if left is not None:
                size = min(size, left)
        if self._left is not None:
            self._left -= size
        if self.whole is not None:
            self.whole -= size
        return size

    def open(self, request):
        """What is asked for next."""

    def fail(self):
        self._left = self.each
        raise OSError(ECONNRESET)


class Contact(Link):
    """Brings each manifest, and `whole` bytes of all else; `came` is how many of these have come."""

    def __init__(self, whole=None):
        super().__init__(None, whole)
        self.came = 0
        self._counts = False

    def open(self, request):
        self._counts = not request.startswith("manifest.json")

    def take(self, size):
        if self._counts:
            size = super().take(size)
            self.came += size
        return size


def transport(module, server, link, verified):
    """A class derived from the module's `OTA` that has what the server has."""

    class Memory(module.OTA):
        pause_ms = 0

        def connect(self):
            pass

        def get_data(self, req, dest_path=None, hash=False, firmware=False):
            data = memoryview(server.get(req))
            link.open(req)
            sink = self.sink(dest_path, hash, firmware)
            try:
                at = sink.offset
                if at > len(data):
                    sink.restart()
                    at = 0
                sink.expect(len(data) - at)
                while at < len(data):
                    count = link.take(min(PART, len(data) - at))
                    if not count:
                        link.fail()
                    sink.write(data[at : at + count])
                    at += count
            except Exception:
                sink.abort()
                raise
            result = sink.close()
            self.verified = verified
            return result

    return Memory


def sha256(data):
    return str(binascii.hexlify(hashlib.sha256(data).digest()), "ascii")


class First:
    """Today's: `OTA.py` and `ota_*.py` beside it, `.new` and `.bak` beside the files."""

    bare = True  # an OSError may come out of update() and confirm()
    trial_starts = 3
    modules = ("OTA", "ota_")
    staging = ("flash",)  # where files wait to be put in place

    def __init__(self, directory):
        self._files = {}
        for name in sorted(os.listdir(directory)):
            with open(directory + "/" + name, "rb") as file:
                self._files[name] = file.read()

    def files(self, mpy_version):
        """The client's own files in a release whose firmware reads .mpy files of this version."""
        files = {}
        for name, data in self._files.items():
            compiled = name.endswith(".mpy") and mpy_version != MPY
            files["flash/lib/" + name] = mpy.of_version(data, OTHER_MPY) if compiled else data
        return files

    def boot_py(self):
        return """import os
from machine import SD
try:
    os.mount(SD(), "/sd")
except OSError:
    pass
from OTA import OTA
OTA.boot()
"""

    def delivered(self, release):
        """What else is on a device that was delivered with a release."""
        return {"flash/waybill/version": ("%s\n%s\n" % (release.version, release.firmware)).encode()}

    def is_own(self, path):
        """A file or directory of the client alone."""
        return path == "flash/waybill" or path.startswith("flash/waybill/")

    def is_beside(self, path):
        """A file of the client that may lie beside those of the release, before it is confirmed or has gone."""
        return path.endswith((".new", ".bak"))

    def is_staged(self, path):
        """A file that waits in one of `staging`."""
        return path.endswith(".new")

    def protected(self, kind):
        """What an update leaves as it is."""
        if kind == "littlefs":
            return ()
        return ("flash/boot.py",) + tuple("flash/lib/" + name for name in self._files if name[:4] == "OTA.")

    def load(self):
        """What boot.py has imported."""
        __import__("OTA")

    def journals(self):
        """The files of which one may be damaged: the device comes back to a whole release all the same."""
        return ("flash/waybill/journal",)

    @staticmethod
    def replaces(fakes):
        """Called when a board has started with these modules in place of MicroPython's."""

    def _ota(self, server=None, link=None, verified=True):
        return transport(__import__("OTA"), server, link, verified)(**self._settings())

    def _settings(self):
        return {}

    def update(self, server, link, verified=True, retry=False, reset=True):
        return self._ota(server, link, verified).update(retry=retry, reset=reset)

    def confirm(self):
        return self._ota().confirm()

    def rollback(self):
        return self._ota().rollback()

    def status(self):
        return self._ota().status()

    def sleeps(self):
        """What an application calls before a deep sleep."""


class Second(First):
    """`airwaybill_boot/`, the face `OTA.py`, the package `airwaybill/`; all that it keeps is in `waybill/` of each
    mount."""

    bare = False
    modules = ("OTA", "airwaybill")
    staging = ("flash/waybill", "sd/waybill")

    def __init__(self, directory):
        self._files = {}
        self._read(directory, "")

    def _read(self, directory, prefix):
        for entry in sorted(os.ilistdir(directory)):
            path = directory + "/" + entry[0]
            if entry[1] & 0x4000:
                self._read(path, prefix + entry[0] + "/")
            else:
                with open(path, "rb") as file:
                    self._files[prefix + entry[0]] = file.read()

    def boot_py(self):
        return """import os
from machine import SD, WDT
def mount():
    try:
        os.mount(SD(), "/sd")
    except OSError:
        pass
from OTA import OTA
OTA.boot(mount=mount, feed=WDT().feed)
"""

    def _settings(self):
        return {"feed": __import__("machine").WDT().feed}

    def delivered(self, release):
        """As `airwaybill record` writes it."""
        files = super().delivered(release)
        lines = ["airwaybill files 1", json.dumps({"before": None, "firmware": None, "version": release.version})]
        made = set()
        for path in sorted(release.tree):
            if path in self.protected("FAT"):
                continue
            parts = path.split("/")
            for depth in range(2, len(parts)):
                directory = "/".join(parts[:depth]) + "/"
                if directory not in made:
                    made.add(directory)
                    lines.append("/ " + directory)
            data = release.tree[path]
            lines.append("%s %d %s" % (sha256(data), len(data), path))
        text = "\n".join(lines) + "\n"
        text += "= %s\n" % sha256(text.encode())
        files["flash/waybill/files"] = text.encode()
        return files

    def is_own(self, path):
        parts = path.split("/")
        return len(parts) > 1 and parts[1] == "waybill"

    def is_beside(self, path):
        return False

    def is_staged(self, path):
        return path.count("/") > 3 and path[path.rfind("/") + 1] == "n"

    def protected(self, kind):
        names = [name for name in self._files if name.split(".")[0].split("/")[0] in ("OTA", "airwaybill_boot")]
        return ("flash/boot.py",) + tuple("flash/lib/" + name for name in names)

    @staticmethod
    def replaces(fakes):
        """Recovery imports built-in modules past sys.modules: it gets the board's own here."""
        for package in ("airwaybill_boot", "airwaybill_before"):
            try:
                recovery = __import__(package)
            except Exception:
                continue  # boot.py finds that out
            for name in ("machine", "esp32", "pycom", "time", "os"):
                if name in fakes or name in ("esp32", "pycom"):
                    setattr(recovery, name, fakes.get(name))
            if hasattr(recovery, "boot"):
                return

    def journals(self):
        return ("flash/waybill/journal0", "flash/waybill/journal1")

    def sleeps(self):
        __import__("OTA").OTA.sleeps()


EDITIONS = {"first": First, "second": Second}
