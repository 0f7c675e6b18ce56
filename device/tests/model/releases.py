"""Random releases, and the server that has them.

A release is a choice for each row of `SLOTS`: one of the forms in which the row's files may come. So a file that
becomes a directory, a module that becomes a package or a name that changes its case is a row whose form changes.
"""

import binascii
import hashlib
import json
import random

import mpy
import patch
from firmware import MPY, make_image

OTHER_MPY = 5
MAIN = "flash/main.py"
BOOT = "flash/boot.py"
LONG = "flash/data/" + "n" * 251 + ".txt"
DIRECTORIES = tuple("flash/many/d%d/f.txt" % number for number in range(24))
# On FAT the entries of one of these names are more than a third of a sector, so that a rename changes two sectors.
SERIES = tuple(
    "flash/data/measurements_of_the_%s_sensor_of_the_plant.csv" % name for name in ("north", "east", "south")
)

LARGE = "flash/data/zone.bin"
LARGE_BYTES = 110000
# They begin as a user's files of `application.SHORT` do: what is swept away with one of these is not to be theirs.
ALIKE = ("flash/data/data of 2024.csv", "flash/data/measured tones.csv", "sd/data of 2024.csv", "sd/tone of a bell.wav")

# (the feature that it takes or None, the forms)
SLOTS = (
    (None, ((), ("flash/lib/alpha.py",))),
    (None, (("flash/lib/beta.py",),)),
    (None, (("flash/lib/net/__init__.py", "flash/lib/net/http.py"), ("flash/lib/net/__init__.py",))),
    (None, (("flash/data/table.bin",), ())),
    (None, ((), ("flash/deep/a/b/c/d/e/f.txt",), ("flash/deep/a/b/c/g.txt", "flash/deep/h.txt"))),
    (None, (SERIES, SERIES[1:], SERIES[:1])),
    (None, (("sd/asset.txt",), ())),
    (None, ((), ("sd/audio/start.wav", "sd/audio/end.wav"), ("sd/audio/end.wav",))),
    (None, ((), ("flash/lib/empty.py",), ("flash/lib/empty.py", "flash/lib/__init__.py"))),
    ("swap", (("flash/lib/sensors.py",), ("flash/lib/sensors/__init__.py", "flash/lib/sensors/pt.py"), ())),
    ("swap", (("flash/lib/radio/__init__.py", "flash/lib/radio/lora.py"), ("flash/lib/radio.py",))),
    ("conflict", (("flash/data/config",), ("flash/data/config/app.json", "flash/data/config/radio/a.json"))),
    ("conflict", (("sd/map",), ("sd/map/a.bin", "sd/map/b/c.bin"), ())),
    ("case", (("sd/Tone.wav",), ("sd/tone.wav",))),
    ("case", (("sd/Ä.txt",), ("sd/Î.txt",), ())),
    ("case", (("sd/中.txt",), ("sd/席.txt",))),
    ("clash", (("sd/Keep.txt",), ("sd/Keep.txt", "sd/keep.txt"))),
    ("hide", ((), ("flash/config/defaults.json",))),
    ("case", (("flash/data/Readme.txt",), ("flash/data/README.txt",), ())),
    ("long", ((), (LONG,), (LONG[:-7] + "a.txt", LONG))),
    ("names", ((), ("flash/data/list.new", "flash/data/list"), ("flash/data/list", "flash/data/list.bak"))),
    ("large", ((LARGE,), ())),
    ("short", (ALIKE, (), ALIKE[:1], ALIKE[1:])),
    ("dirs", ((), DIRECTORIES, DIRECTORIES[:8])),
    ("shadow", ((), ("flash/lib/json.py",))),
    ("mpy", (("flash/lib/fast.mpy",), ("flash/lib/fast.py",), ())),
)
SIZES = (0, 40, 300, 700, 1500, 4000, 9000)


class Release:
    """`tree` is the content by device path; `firmware` the version of its image, `mpy` what that image reads; `good`
    whether its application will confirm it."""

    def __init__(self, version, tree, firmware, mpy_version, good):
        self.version = version
        self.tree = tree
        self.firmware = firmware
        self.mpy = mpy_version
        self.good = good


class Maker:
    """The releases of one round. `compiled` is a module of version 6 that is `WHO = "…"`, with 24 bytes to fill in."""

    def __init__(self, client, features, compiled, flashes):
        self._client = client
        self._features = features
        self._compiled = compiled
        self._flashes = flashes
        self._slots = [forms for feature, forms in SLOTS if feature is None or feature in features]
        self._chosen = [0] * len(self._slots)
        self._number = 0

    def mend(self, release):
        """A release of the same name with other content, which is good."""
        tree = dict(release.tree)
        tree[MAIN] = module(release.version + " again", MAIN, 100)
        tree[BOOT] = self._client.boot_py().encode()
        return Release(release.version, tree, release.firmware, release.mpy, True)

    def next(self, old=None):
        """The release after `old`, or the first one."""
        self._number += 1
        version = "1.0.%d" % self._number
        firmware, mpy_version = (old.firmware, old.mpy) if old else (version, MPY)
        if old and self._flashes and random.random() < 0.5:
            firmware = version
            if "mpy" in self._features and "single" not in self._features and random.random() < 0.6:
                mpy_version = OTHER_MPY if mpy_version == MPY else MPY
        tree = dict(self._client.files(mpy_version))
        tree[BOOT] = self._client.boot_py().encode()
        if "boot" in self._features and old and random.random() < 0.3:
            tree[BOOT] = b"import (\n"
        tree[MAIN] = module(version, MAIN, 100)
        for row, forms in enumerate(self._slots):
            if old and random.random() < 0.5:
                self._chosen[row] = random.randrange(len(forms))
            for path in forms[self._chosen[row]]:
                kept = old and old.tree.get(path)
                recompiled = path.endswith(".mpy") and old and old.mpy != mpy_version
                if kept is not None and kept is not False and not recompiled and random.random() < 0.5:
                    tree[path] = kept
                else:
                    tree[path] = self._content(version, path, mpy_version)
        good = tree[BOOT] == self._client.boot_py().encode() and random.random() < 0.6
        return Release(version, tree, firmware, mpy_version, good)

    def _content(self, version, path, mpy_version):
        size = random.choice(SIZES[:3] if path in DIRECTORIES else SIZES) if path != LARGE else LARGE_BYTES
        if path.endswith(".mpy"):
            mark = who(version, path)
            data = self._compiled.replace(b"?" * 24, mark.encode())
            return mpy.of_version(data, mpy_version)
        if path.endswith(".py"):
            return module(version, path, size)
        return (("%s %08x\n" % (version, random.getrandbits(30))).encode() * (size // 10 + 1))[:size]


def who(version, path):
    """24 characters that no other file of another release has."""
    mark = binascii.hexlify(hashlib.sha256((version + path).encode()).digest())
    return str(mark[:24], "ascii")


def module(version, path, size):
    return ('WHO = "%s"\n# %s\n' % (who(version, path), "x" * size)).encode()


def sha1(data):
    return str(binascii.hexlify(hashlib.sha1(data).digest()), "ascii")


SAFE = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~/"


def quote(path):
    return "".join([chr(c) if c in SAFE else "%%%02X" % c for c in path.encode()])


def unquote(text):
    parts = text.split("%")
    data = parts[0].encode()
    for part in parts[1:]:
        data += binascii.unhexlify(part[:2]) + part[2:].encode()
    return str(data, "utf-8")


class Server:
    """Answers as the server does: P1 to P6, M1 to M4, X3. `patches`: it has those to the target. `forgets`: it has
    the target alone. `static`: it does not know who asks, as a server of files alone."""

    IMAGE = 28000

    def __init__(self):
        self._releases = {}
        self._made = {}  # patches, by their names
        self.patches = False
        self.excess = 0  # bytes of the manifest's patches more than of what they make
        self.forgets = False
        self.static = False
        self.target = None
        self.sizes = True

    def add(self, release):
        self._releases[release.version] = release

    def offer(self, release):
        self.add(release)
        self.target = release

    def image(self, release):
        return make_image(release.firmware, release.mpy, self.IMAGE + 150 * int(release.firmware.split(".")[2]))

    def get(self, request):
        """The body for a request, without its first slash."""
        path, _, query = request.partition("?")
        if path == "manifest.json":
            asked = dict([pair.split("=", 1) for pair in query.split("&") if "=" in pair])
            return self._manifest(asked.get("current_ver"), asked.get("firmware_ver"))
        if path.startswith("firmware_"):
            return self.image(self.target)
        if path in self._made:
            return self._made[path]
        version, path = unquote(path).split("/", 1)
        return self._releases[version].tree[path]

    def _manifest(self, own, firmware):
        target = self.target
        self.excess = 0
        if self.static and own != target.version:
            own = None
        known = own in self._releases and (not self.forgets or own == target.version)
        if known and own == target.version:
            return b"null"
        old = self._releases[own].tree if known else {}
        has = firmware or (self._releases[own].firmware if own in self._releases else None)
        changed = sorted([path for path in target.tree if path in old and old[path] != target.tree[path]])
        answer = [
            ("delete", sorted([path for path in old if path not in target.tree])),
            ("new", [self._entry(path, None) for path in sorted(target.tree) if path not in old]),
            ("previous_version", own),
            ("update", [self._entry(path, old[path]) for path in changed]),
            ("version", target.version),
        ]
        if target.firmware != has:
            image = self.image(target)
            entry = {"URL": "http://10.0.0.1:8000/firmware_%s.bin" % target.firmware, "hash": sha1(image)}
            if known:
                running = self.image(self._releases[own])
                self._patch(entry, running, image)["base_size"] = len(running)
            answer.append(("firmware", self._sized(entry, image)))
        if self.sizes:
            answer.append(("total_size", 0))
            if not known:
                answer.append(("full", True))
        answer.sort()
        return ("{%s}" % ", ".join(["%s: %s" % (json.dumps(key), json.dumps(value)) for key, value in answer])).encode()

    def _entry(self, path, old):
        data = self.target.tree[path]
        url = "http://10.0.0.1:8000/%s/%s" % (self.target.version, quote(path))
        entry = {"URL": url, "dst_path": path, "hash": sha1(data)}
        self._patch(entry, old, data)
        return self._sized(entry, data)

    def _patch(self, entry, old, new):
        """X2 and X3: by content. Some have none, by their hash, so that these come whole."""
        if not (self.patches and self.sizes) or entry["hash"] < "5":
            return {}
        name = "delta/%s-%s" % (sha1(old), entry["hash"]) if old is not None else "delta/" + entry["hash"]
        data = self._made[name] = patch.make(old, new)
        self.excess += max(0, len(data) - len(new))
        found = {"URL": "http://10.0.0.1:8000/" + name, "hash": sha1(data), "size": len(data)}
        if old is not None:
            found["base"] = sha1(old)
        entry["patch"] = found
        return found

    def _sized(self, entry, data):
        if self.sizes:
            entry["size"] = len(data)
        return entry
