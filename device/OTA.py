"""Over-the-air updates that survive a power cut at any moment, with rollback. See README.md.

The face of the client: what an application calls. It loads the parts that do the work when they are needed. Here and in
the recovery comments stand where docstrings would: those take memory while MicroPython compiles.
"""

import sys

ENOSPC = 28


class OTAError(Exception):
    # Why there was no update. `code` is stable; `detail` names the value that was read, and where.

    def __init__(self, code, detail=""):
        super().__init__(code, detail)
        self.code = code
        self.detail = detail

    def __str__(self):
        return "%s: %s" % (self.code, self.detail) if self.detail else self.code


def recovery():
    # The recovery; should the one that a release has brought not load, the one before it.
    try:
        import airwaybill_boot

        assert airwaybill_boot.END  # half a file has none
    except Exception:
        for name in list(sys.modules):
            if name.startswith("airwaybill_boot"):
                del sys.modules[name]
        import airwaybill_before as airwaybill_boot

        sys.modules["airwaybill_boot"] = airwaybill_boot
    return airwaybill_boot


def part(name):
    # A module of the client, loaded when it is needed.
    try:
        return recovery().load("airwaybill." + name)
    except Exception as error:
        sys.modules.pop("airwaybill." + name, None)
        raise as_ota_error(error)


def as_ota_error(error):
    # What leaves the client is an OTAError.
    if isinstance(error, OTAError):
        return error
    text = "%s: %s" % (type(error).__name__, error)
    if isinstance(error, MemoryError):
        return OTAError("memory", "the heap is too small or too full")
    if not isinstance(error, OSError) and "airwaybill_boot" in sys.modules:
        # MicroPython takes a read that fails for the end of the file, and keeps half a module.
        sys.modules["airwaybill_boot"].forget()
    if isinstance(error, OSError):
        return OTAError("space" if error.args[0] == ENOSPC else "flash", text)
    return OTAError("failed", text)


class OTA:
    # Everything about an update that does not depend on how its bytes get here.
    #
    # A transport is a class derived from this one, with `connect()`, which makes the link ready, and
    # `get_data(req, dest_path=None, hash=False, firmware=False)`, which fetches `req`
    # (`manifest.json?current_ver=1.0.0`, `1.0.1/flash/main.py`) into `dest_path`, or into the firmware's place, or
    # returns it; see README.md.

    static = False
    tries = 5  # D2: without progress
    pause_ms = 1000  # before the second try; doubled before each further one
    # Of an update under way
    wait_ms = 500  # how long a transport may wait at once; 0 beside other tasks
    received = 0  # bytes of the files that are there
    size = None  # bytes of all that comes, where that is known
    progress = None
    fetching = ""
    held = None  # a manifest so small that it is not on flash
    rooms = {}
    fresh = True  # no file has come yet
    patches = True  # there is room for them
    left = ()  # mounts on which the last change is not over
    image = None
    pycom_image = None  # how far one is that the last call has not brought to its end
    last_sink = None
    limit = None  # how many bytes a sink takes, and the code of the error if there are more
    verified = False  # a transport sets it when it knows that what get_data fetched last is what the server sent

    def __init__(
        self, mounts=None, firmware=True, firmware_version=None, boot_py=False, feed=None, signed=False, static=False
    ):
        # `mounts`: mount points by the first segment of a device path; by default `flash` and `sd`.
        # `firmware`: False takes the files of an update and leaves its firmware.
        # `firmware_version`: what the device was delivered with, until an update brings another.
        # `boot_py`: True lets a release replace boot.py, OTA.py and the recovery, when it is confirmed.
        # `feed`: called again and again during an update, for a watchdog.
        # `signed`: True says that this device has keys, so that it takes nothing should they be lost.
        # `static`: True for releases that were published to a store or to files: manifests have a path of their own.
        base = recovery()
        self.mounts = mounts or base.default_mounts()
        self.home = self.mounts["flash"] + "/" + base.HOME
        self.firmware = firmware
        self.boot_py = boot_py
        self.firmware_delivered = firmware_version
        self.feed = feed
        self.signed = signed
        if static:  # one name more makes the table of the object grow, by 752 bytes in one piece
            self.static = static
        if feed:
            base.set_feed(feed)

    @staticmethod
    def boot(mounts=None, reset=True, **options):
        # Call this first in boot.py; see `airwaybill_boot.boot`.
        recovery().boot(mounts, reset, **options)

    @staticmethod
    def sleeps(mounts=None):
        # Call this before the device goes to deep sleep, where it cannot tell the wake from a start (RP2040).
        part("trial").guarded(lambda: part("trial").sleeps(mounts))

    def connect(self):
        raise NotImplementedError

    def get_data(self, req, dest_path=None, hash=False, firmware=False):
        raise NotImplementedError

    def announce(self, req, dest_path):
        # A hint that `get_data(req, dest_path)` comes soon. A transport may ask for it in advance.
        pass

    def rest(self):
        # For a while nothing is fetched: a transport may let go of what takes memory.
        pass

    def close(self):
        # The update has come to its end: a transport may close its connection.
        pass

    def sink(self, dest_path=None, hash=False, firmware=False):
        # What a transport writes into: see `airwaybill.sink.Sink`.
        return part("sink").Sink(self, dest_path, hash, firmware)

    def check(self):
        # What the server has for this device, without changing anything: a dict with `version`, `files`, `bytes` (None
        # where the server gives no sizes) and `firmware`, or None when the device is up to date.
        update = part("update")
        return update.finish(self, update.steps("offer", "check", self))

    def update(self, allow_downgrade=False, retry=False, reset=True, progress=None, now=None):
        # Fetch what the server has for this device, then restart the board, unless `reset` is False: the next start
        # puts it in place.
        #
        # Returns its version, or None when the device is up to date. Raises OTAError: the device then is as it was.
        # `allow_downgrade` accepts the release before this one; `retry` accepts one that was rolled back;
        # `progress(done, total, path)` is told how many bytes have come, of how many (None where the server gives no
        # sizes). `now`, as `time.gmtime()` gives it where the clock is set: what is signed has not expired.
        update = part("update")
        version = update.finish(self, update.run(self, allow_downgrade, retry, progress, now))
        return self._restart(version, reset)

    async def update_async(self, allow_downgrade=False, retry=False, reset=True, progress=None, now=None):
        # As `update()`, beside other tasks of asyncio.
        update = part("update")
        version = await update.finish_async(self, update.run(self, allow_downgrade, retry, progress, now))
        return self._restart(version, reset)

    def _restart(self, version, reset):
        if version is not None and reset:
            recovery().restart()
        return version

    def confirm(self):
        # The release on trial does its work: keep it. Returns whether there was one.
        return part("trial").confirm(self)

    def rollback(self, reason="asked_for", reset=True):
        # Take the old release back now, instead of after three starts. Returns whether one was on trial.
        done = part("trial").rollback(self, reason)
        if done and reset:
            recovery().restart()
        return done

    def take_keys(self, path):
        # From now on the device takes only what the keys in this file have signed. Call it after `confirm()`. Returns
        # whether it took them: a device that has keys gets others from the server alone.
        return part("trial").guarded(lambda: part("keyring").take(self, path))

    def verify(self):
        # Reads the files of this release again. A dict: `checked`, and `problems`, each with `kind` (`missing` or
        # `different`), `path`, `expected` and `found`.
        return part("trial").guarded(lambda: part("verify").device(self))

    def status(self):
        # A dict: `version` and `firmware` (None when not known), `state` (`idle`, `downloading`, `applying`, `trial`,
        # `rolled back`), `starts` of the release on trial, `refused` (the version that is not taken again), `error`.
        return part("trial").status(self)

    def real(self, path):
        # Where a device path is.
        name = path[: path.find("/")]
        return self.mounts[name] + path[len(name) :]

    @property
    def version(self):
        return part("version").line(self, 0)

    @property
    def firmware_version(self):
        return part("version").line(self, 1) or self.firmware_delivered


class HTTPOTA(OTA):
    # Updates over a TCP/IP link that is already up: Ethernet, LTE, or a WiFi that the application manages.

    timeout_ms = 10000  # a response that brings under 256 bytes in this time is given up

    def __init__(self, host, port, tls=None, headers=None, prefix="", **settings):
        # `tls`: a CA's certificate, or one that signs itself, as PEM or DER or the path of a file: HTTPS, with whoever
        # it vouches for alone. `headers`: a dict of what every request carries, a token for instance. `prefix`: the
        # path at which the server has its `manifest.json`.
        super().__init__(**settings)
        self.host = host
        self.port = port
        self.tls = tls
        self.headers = headers
        self.prefix = prefix
        self._client = None
        self._resting = None  # what the client held

    def connect(self):
        if self._client is None:
            client = part("http").Client
            self._client = client(self.host, self.port, self.timeout_ms, self.tls, self.headers, self.prefix)
            self._client.take_over(self._resting or {})
            self._resting = None

    def rest(self):
        if self._client:
            self._resting = self._client.__dict__
            self._client = None

    def get_steps(self, req, dest_path=None, hash=False, firmware=False):
        # `get_data` as a generator that stops where it would wait.
        self.connect()
        return part("http").get(self, self._client, req, self.sink(dest_path, hash, firmware))

    def get_data(self, req, dest_path=None, hash=False, firmware=False):
        return part("update").exhaust(self.get_steps(req, dest_path, hash, firmware))

    def announce(self, req, dest_path):
        self.connect()
        self._client.announce(req, None if self.fresh else dest_path)

    def close(self):
        if self._resting:
            HTTPOTA.connect(self)
        if self._client:
            self._client.close()
            self._client = None


class WiFiOTA(HTTPOTA):
    # Updates over WiFi, from the server at `ip` and `port`.

    join_ms = 30000

    def __init__(self, ssid, password, ip, port, **settings):
        super().__init__(ip, port, **settings)
        self.ssid = ssid
        self.password = password

    def connect(self):
        part("update").exhaust(self._join())
        super().connect()

    def get_steps(self, *what):
        yield from self._join()
        return (yield from super().get_steps(*what))

    def _join(self):
        # Where there is no connection from before.
        if self._client is None and self._resting is None:
            yield from part("wifi").join(self.ssid, self.password, self.join_ms)
