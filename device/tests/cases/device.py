"""A device for one case: a board with a release on it, the server that has the next one, and what is then there."""

import os

import boards
import mpy
from boards import POWER, Board
from clients import Link, transport
from judge import Judge, walk
from releases import BOOT, MAIN, Release, Server, module, who

boards.SIMULATOR += ("cards", "device", "faults", "names", "net", "rooms", "run", "trials")
TRIAL_STARTS = 3


class Large(Board):
    """With app partitions of 256 KB."""

    APP_BLOCKS = 64


class Own:
    """What is on the device and no release's, as `judge.Judge` wants it."""

    def __init__(self):
        self.files = {}
        self.directories = set()


def content(version, path, size, compiled, mpy_version):
    if path.endswith(".py"):
        return module(version, path, size)
    if path.endswith(".mpy"):
        return mpy.of_version(compiled.replace(b"?" * 24, who(version, path).encode()), mpy_version)
    return (("%s %s\n" % (version, path)).encode() * (size // 8 + 1))[:size]


class Device:
    """`files` of the release `version`, which is on it: content by device path, a size, or None for some. `own` is
    what a user has put there, `directories` what the application has made."""

    def __init__(self, client, kind, files, version="1.0.0", own=(), directories=(), board=None, recorded=True):
        self.client = client
        self.board = board or Board(kind, "rp2040")
        self.board.replaces = client.replaces
        self.own = Own()
        self.judge = Judge(client, self.board, self.own)
        self.server = Server()
        self.releases = {}
        self.detail = None  # of the last error
        self.board.format()
        self.prepare()
        old = self.release(version, files)
        image = self.server.image(old)
        self.board.chips["ota_0"].data[: len(image)] = image
        self.image = image
        self.board.mount_all()
        self.write(old.tree)
        delivered = client.delivered(old)
        if not recorded:
            delivered.pop("flash/waybill/files", None)
        self.write(delivered)
        for path in own:
            data = own[path] if isinstance(own, dict) else path.encode()
            self.put(path, data)
        for path in directories:
            self.own.directories.add(path)
            make_directories(path)
        self.kept = {path: old.tree[path] for path in client.protected(self.board.kind)}
        self.server.offer(old)
        self.board.start()

    def prepare(self):
        """What is done to the file systems before they are mounted."""

    # Releases

    def release(self, version, files, firmware=None, mpy_version=6, client=True, boot=None):
        tree = dict(self.client.files(mpy_version)) if client else {}
        tree[BOOT] = (boot or self.client.boot_py()).encode()
        tree[MAIN] = module(version, MAIN, 40)
        for path in files:
            data = files[path] if isinstance(files, dict) else None
            tree[path] = (
                data
                if isinstance(data, bytes)
                else content(version, path, data or 40, self.client.compiled, mpy_version)
            )
        made = Release(version, tree, firmware or "1.0.0", mpy_version, True)
        self.releases[version] = made
        return made

    def offer(self, version, files, **settings):
        made = self.release(version, files, **settings)
        self.server.offer(made)
        return made

    # What an application does

    def update(self, link=None, reset=True, **settings):
        """The version, None, or the code of the error; after the start that follows."""
        return self.said(lambda: self.ota(link).update(reset=reset, **settings))

    def ota(self, link=None, **settings):
        return transport(__import__("OTA"), self.server, link or Link(), True)(**settings)

    def confirm(self):
        return self.said(self.client.confirm)

    def rollback(self):
        return self.said(self.client.rollback)

    def said(self, action):
        """What it returns, None where the board has started again, or the code of the error."""
        self.detail = None
        try:
            return self.board.run(action)
        except Exception as error:
            self.detail = str(error)
            code = getattr(error, "code", None)
            return code or "bare %s %s" % (type(error).__name__, error)

    def start(self, cause=POWER, times=1):
        for _ in range(times):
            self.board.start(cause)

    def wait_out_the_trial(self):
        """Starts without a confirm(), until the old release is to be there."""
        self.start(POWER, TRIAL_STARTS + 1)

    def remount(self):
        """Back to a device that has started, after load()."""
        self.board.mount_all()
        self.client.load()

    # What is there

    def put(self, path, data):
        self.write({path: data})
        self.own.files[path] = data

    def write(self, tree):
        for path, data in tree.items():
            make_directories(path[: path.rfind("/")])
            with open("/" + path, "wb") as file:
                file.write(data)

    def state(self):
        return self.client.status()["state"]

    def is_on(self, ended=False, mounts=("flash", "sd")):
        """The release that is wholly there, or what is wrong with it. `ended`: nothing of a change is left."""
        if self.board.error:
            return "boot.py: %s %s" % (type(self.board.error).__name__, self.board.error)
        version = self.client.status()["version"]
        if version not in self.releases:
            return "version %s" % version
        release = self.releases[version]
        tree = dict(release.tree)
        tree.update(self.kept)
        image = self.server.image(release) if self.board.firmware_kind not in ("rp2040",) else self.image
        wrong = self.judge.wrong(tree, image, ended, mounts)
        return "%s, but %s" % (version, wrong) if wrong else version

    def files(self):
        return walk(self.client, self.board)[0]


def make_directories(path):
    parts = path.split("/")
    for depth in range(2, len(parts) + 1):
        try:
            os.mkdir("/" + "/".join(parts[:depth]))
        except OSError:
            pass


class Counting(Link):
    """A link that counts what came over it."""

    def __init__(self, each=None, whole=None):
        super().__init__(each, whole)
        self.came = 0

    def take(self, size):
        size = super().take(size)
        self.came += size
        return size


def tally(results):
    """How often there was what, but for what is right: {} is a good sign."""
    counts = {}
    for result in results:
        if result is not None:
            counts[result] = counts.get(result, 0) + 1
    return counts


def whole(device, point=None):
    """None, or what is wrong with the device."""
    version = device.is_on()
    if version in device.releases:
        return None
    return version if point is None else "%s: %s" % (point, version)


def spread(count, looks):
    """At most `looks` of `count` numbers, the first and the last among them."""
    return (
        sorted(set([at * (count - 1) // max(looks - 1, 1) for at in range(looks)])) if count > looks else range(count)
    )


def cuts(device, action, looks, torn=False):
    """Stands at some of the cuts in what `action` writes, each on a board without power."""
    board = device.board
    image = board.save()
    files = dict(device.own.files)
    writes = board.record(action)
    for number in spread(len(writes) + 1, looks):
        device.own.files = dict(files)
        board.cut(image, writes, number, torn)
        yield number
