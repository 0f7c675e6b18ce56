"""Over-the-air updates that survive a power cut at any moment, with rollback. See README.md.

This file alone takes a device back to a whole release after a power cut. It imports nothing from the file system for
that, because the other files of the client may be half replaced at that moment.
"""

try:
    import binascii
    import hashlib
    import json
    import os
    import time  # as the others, for the files of the client that take it from here
except ImportError:  # builds without the names of CPython
    import ubinascii as binascii
    import uhashlib as hashlib
    import ujson as json
    import uos as os
    import utime as time  # noqa: F401

NEW = ".new"
BAK = ".bak"
HOME = "waybill"  # not "ota": on FAT, `import OTA` would find that directory first
BUFFER = memoryview(bytearray(1024))
ENOENT = 2
EPERM = 1
CORRUPT = 84  # littlefs's own number for content that is damaged


class OTAError(Exception):
    """Why there was no update. `code` is stable; `detail` names the value that was read, and where."""

    def __init__(self, code, detail=""):
        super().__init__(code, detail)
        self.code = code
        self.detail = detail

    def __str__(self):
        return "%s: %s" % (self.code, self.detail) if self.detail else self.code


def exists(path):
    try:
        os.stat(path)
        return True
    except OSError:
        return False


def remove(path):
    try:
        os.remove(path)
    except OSError as error:
        if error.args[0] != ENOENT:
            raise


def pump(path, write):
    """The file's content into `write`, through the one buffer that reading files and sockets shares."""
    with open(path, "rb") as file:
        while True:
            count = file.readinto(BUFFER)
            if not count:
                return
            write(BUFFER[:count])
            OTA.feed()


def copy(source, target):
    with open(target, "wb") as writer:
        pump(source, writer.write)


def move(source, target, copies):
    """Put `source` in the place of `target`. Cut short and done again, it still ends with the one whole file.

    On FAT, a rename that is cut short leaves two names for the same clusters, and removing one of them damages the
    other: there (`copies`) the file is copied, and the source goes when the target is complete.
    """
    if copies:
        copy(source, target)
        remove(source)
    else:
        os.rename(source, target)


def prune(path, root):
    """Remove the directories above `path`, below `root`, that are empty."""
    while True:
        path = path[: path.rfind("/")]
        if len(path) <= len(root):
            return
        try:
            os.rmdir(path)
        except OSError:
            if exists(path):  # it is not empty
                return


def sweep(path):
    """Remove what FAT may keep of `path`, its .new and its .bak when it was cut short removing them.

    A long name is several entries before a short one, `MAINPY~1.NEW`. When the power goes between them, the file is
    there under its short name alone.
    """
    directory, name = path[: path.rfind("/")], path[path.rfind("/") + 1 :]
    try:
        found = [entry[0] for entry in os.ilistdir(directory)]
    except OSError:
        return
    for short in found:
        for long in (name, name + NEW, name + BAK):
            if "~" in short and is_short_for(short, long) and long not in found:
                remove(directory + "/" + short)


def is_short_for(short, long):
    dot = long.rfind(".") if "." in long else len(long)
    stem = "".join([c for c in long[:dot].upper() if c not in ". "])
    return stem.startswith(short[: short.find("~")]) and short.endswith("." + long[dot + 1 : dot + 4].upper())


def sha1_of(path):
    digest = hashlib.sha1()
    pump(path, digest.update)
    return hexlify(digest.digest())


def hexlify(data):
    return str(binascii.hexlify(data), "ascii")


def read_text(path):
    try:
        with open(path) as file:
            return file.read()
    except (OSError, ValueError):  # UnicodeError is a ValueError
        return None


def nothing():
    pass


def restart():
    try:
        from machine import reset
    except ImportError:
        return
    reset()


def default_mounts():
    """Where the first segment of a device path is mounted. Pycom has its flash at /flash, mainline boards at /."""
    return {"flash": "/flash" if exists("/flash") else "", "sd": "/sd"}


class OTA:
    """Everything about an update that does not depend on how its bytes get here.

    A transport is a class derived from this one, with
    `connect()`, which makes the link ready, and
    `get_data(req, dest_path=None, hash=False, firmware=False)`, which fetches `req` (`manifest.json?current_ver=1.0.0`,
    `1.0.1/flash/main.py`) into `dest_path`, or into the firmware's place, or returns it; see README.md.
    """

    tries = 5  # D2
    pause_ms = 1000  # before the second try; doubled before each further one
    trial_starts = 3  # D4
    install_tries = 3  # then the release is refused as one that was rolled back
    image = None
    reserve = {}
    verified = False  # a transport sets it when it knows that what get_data fetched last is what the server sent
    last_error = None
    feed = nothing  # of the class: what reads files knows no instance

    def __init__(self, mounts=None, firmware=True, firmware_version=None, boot_py=False, feed=None):
        """`mounts`: mount points by the first segment of a device path; by default `default_mounts()`.
        `firmware`: False takes the files of an update and leaves its firmware.
        `firmware_version`: what the device was delivered with, until an update brings another.
        `boot_py`: True lets an update replace boot.py and this file where that takes two steps (FAT).
        `feed`: called again and again during an update, for a watchdog."""
        self.mounts = default_mounts() if mounts is None else mounts
        self.home = self.mounts["flash"] + "/" + HOME
        self.firmware = firmware
        self.boot_py = boot_py
        if feed:
            OTA.feed = feed
        self._delivered_firmware = firmware_version

    def connect(self):
        raise NotImplementedError

    def get_data(self, req, dest_path=None, hash=False, firmware=False):
        raise NotImplementedError

    def announce(self, req, dest_path):
        """A hint that `get_data(req, dest_path)` comes soon. A transport may ask for it in advance."""

    def sink(self, dest_path=None, hash=False, firmware=False):
        """What a transport writes into: see `ota_update.Sink`."""
        from ota_update import Sink

        return Sink(self, dest_path, hash, firmware)

    # What an application calls

    @staticmethod
    def boot(mounts=None, reset=True):
        """Call this first in boot.py, when all file systems are mounted.

        It finishes what a power cut interrupted, counts the starts of a release on trial, and takes the old release
        back after three. After a change to files or firmware it restarts the board, unless `reset` is False.
        """
        changed = False
        try:
            changed = OTA(mounts)._start()
        except Exception as error:  # boot.py has to go on, whatever is wrong here
            OTA.last_error = error_text(error)
            print("OTA.boot:", OTA.last_error)
        if changed and reset:
            restart()

    def update(self, allow_downgrade=False, retry=False, reset=True):
        """Fetch and install what the server has for this device, then restart the board, unless `reset` is False.

        Returns the version that is now on trial, or None when the device is up to date. Raises OTAError: the
        device then is on its old release. `allow_downgrade` accepts a version that is not higher; `retry` accepts one
        that was rolled back.
        """
        import ota_update

        try:
            version = ota_update.run(self, allow_downgrade, retry)
        except Exception as error:
            OTA.last_error = error_text(error)
            journal = self._peek()
            unfinished = journal is not None and journal["state"] != "trial"
            if reset and unfinished and getattr(error, "code", None) != "unfinished":
                restart()  # with the journal written, boot() ends what could not be ended here
            raise
        OTA.last_error = None
        if version is not None and reset:
            restart()
        return version

    def confirm(self):
        """The release on trial does its work: keep it. Returns whether there was one."""
        journal = self.load()
        if journal is None or journal["state"] != "trial":
            return False
        if self._firmware_is(journal, "old"):
            raise OTAError("not_started", "the new firmware does not run yet")
        self._keep_firmware(journal)
        self._is_lost(journal)
        journal["state"] = "confirm"
        self._save(journal)
        self._finish(journal)
        return True

    def rollback(self, reason="asked_for", reset=True):
        """Take the old release back now, instead of after three starts. Returns whether one was on trial."""
        journal = self.load()
        if journal is None or journal["state"] != "trial":
            return False
        self._roll_back(journal, reason, self.install_tries)
        if reset:
            restart()
        return True

    def verify(self):
        """Reads the files that the release on trial has brought again. A dict: `checked`, and `problems` with `kind`
        (`missing`, `different`), `path`, `expected` and `found`."""
        from ota_verify import on_trial

        return on_trial(self)

    def status(self):
        """A dict: `version` and `firmware` (None when not known), `state` (`idle`, `downloading`, `applying`, `trial`,
        `rolled back`), `starts` of the release on trial, `refused` (the version that was rolled back), `error`."""
        journal = self._peek()
        report = read_record(self.home + "/report") or {}
        if journal:
            state = journal["state"]
            state = {"trial": "trial", "confirm": "trial", "rollback": "rolled back"}.get(state, "applying")
        elif report:
            state = "rolled back"
        else:
            state = "downloading" if exists(self.home + "/plan") else "idle"
        return {
            "version": self.version,
            "firmware": self.firmware_version,
            "state": state,
            "starts": journal["starts"] if journal else 0,
            "refused": report.get("refused"),
            "error": OTA.last_error or report.get("error"),
        }

    @property
    def version(self):
        return self._version_line(0)

    @property
    def firmware_version(self):
        return self._version_line(1) or self._delivered_firmware

    def _version_line(self, index):
        lines = (read_text(self.home + "/version") or "").split("\n")
        return lines[index].strip() or None if index < len(lines) else None

    # The journal: one small record that says how far a change is. Which files it is about is in the plan beside it.

    def copies(self, root):
        """Whether files on the mount at `root` are to be copied, because its file system cannot rename over a file.

        FAT, which cannot, does not tell upper from lower case either. An empty mount tells nothing, and a copy is
        right everywhere."""
        if root == self.mounts["flash"]:
            return self.home_copies()  # a list of / would have other mounts in it
        try:
            for entry in os.ilistdir(root):
                name = entry[0]
                other = name.upper() if name != name.upper() else name.lower()
                if other != name:
                    return exists(root + "/" + other)
        except (OSError, AttributeError):
            pass
        return True

    def write_beside(self, name, text):
        path = self.home + "/" + name
        with open(path + NEW, "w") as file:
            file.write(text)
        move(path + NEW, path, self.home_copies())

    def home_copies(self):
        return exists(self.mounts["flash"] + "/" + HOME.upper())

    def write_record(self, name, record):
        text = json.dumps(record)
        self.write_beside(name, text + "\n" + hexlify(hashlib.sha1(text.encode()).digest()) + "\n")

    def _peek(self):
        now = read_record(self.home + "/journal")
        new = read_record(self.home + "/journal" + NEW)
        if now is None or (new is not None and new["seq"] > now["seq"]):
            return new
        return now

    def load(self):
        journal = self._peek()
        path = self.home + "/journal"
        if exists(path + NEW):
            if journal is not None and read_record(path) != journal:
                move(path + NEW, path, self.home_copies())
            else:
                remove(path + NEW)
        return journal

    def _save(self, journal):
        journal["seq"] += 1
        try:
            self.write_record("journal", journal)
        except OSError:
            if not self._spend():
                raise
            self.write_record("journal", journal)
            self.keep_spare(journal["spare"])

    def keep_spare(self, size):
        """Room that the application cannot fill, for counting the starts of a trial and for the way back."""
        try:
            with open(self.home + "/spare", "wb") as file:
                while size > 0:
                    size -= file.write(BUFFER)
        except OSError:  # less of it than wanted
            pass

    def _spend(self):
        """Whether there was spare room, which now is free."""
        path = self.home + "/spare"
        if not exists(path):
            return False
        remove(path)
        return True

    def _drop(self, journal):
        remove(self.home + "/spare")
        remove(self.home + "/plan")
        remove(self.home + "/journal")

    def _operations(self, journal):
        """Each change as (kind, path, copies): kind A(dd), R(eplace) or D(elete).

        What lies on a mount that is not there is left out, and an error at the end says so: the change stays open.
        """
        missing = [name for name in self.mounts if name in journal["uses"] and not self.is_mounted(name)]
        if journal.get("lost"):
            for name in journal["uses"]:
                if name not in missing:
                    for kind, path in self._beside(self.mounts[name]):
                        yield kind, path, name in journal["copies"]
        else:
            with open(self.home + "/plan") as file:
                for line in file:
                    if line[0] in "ARD":
                        path = line[:-1].split(" ", 3)[3]
                        name = path[: path.find("/")]
                        if name not in missing:
                            OTA.feed()
                            yield line[0], self.real_path(path), name in journal["copies"]
        if missing:
            raise OTAError("mount_missing", missing[0])

    def _changes(self, journal):
        """What is to be taken back or tidied up; nothing when the plan is away, as it is at the end of that."""
        digest = self._plan_digest()
        if digest is not None:
            journal["lost"] = digest != journal["plan"]
        elif not journal.get("lost"):
            return ()
        return self._operations(journal)

    def _is_lost(self, journal):
        """Whether the flash has lost the plan: what has a .bak or a .new beside it then tells what has changed."""
        journal["lost"] = self._plan_digest() != journal["plan"]
        return journal["lost"]

    def _plan_digest(self):
        """None when the plan is away. An error that may pass, or is one of feed(), is no reason to do without it."""
        path = self.home + "/plan"
        try:
            return sha1_of(path)
        except OSError as error:
            if error.args[0] == CORRUPT:
                return ""
            if error.args[0] == ENOENT and not exists(path):
                return None
            raise

    def _beside(self, root):
        """Each change that the files below `root` tell of, as (kind, path); maybe twice.

        Never A: what has only a .new beside it may be an old file, and taking back an A would remove it."""
        mounts = self.mounts.values()
        for entry in list(os.ilistdir(root or "/")):
            path = root + "/" + entry[0]
            if entry[1] & 0x4000:
                if path not in mounts and path != self.home and (root or not self._is_elsewhere(path)):
                    yield from self._beside(path)
            elif path[-4:] in (BAK, NEW):
                yield "R" if exists(path[:-4]) else "D", path[:-4]

    def real_path(self, path):
        name = path[: path.find("/")]
        return self.mounts[name] + path[len(name) :]

    def is_mounted(self, name):
        root = self.mounts[name]
        flash = self.mounts["flash"]
        if root == flash:
            return True
        # Flash at /: without a card, /sd may be a directory of the flash.
        return exists(root) if flash else self._is_elsewhere(root)

    def _is_elsewhere(self, path):
        """Whether another file system than the one at / is mounted at `path`: a rename is never across them."""
        try:
            os.rename(path + "/" + HOME + "-probe", "/" + HOME + "-probe")
        except OSError as error:
            return error.args[0] == EPERM
        return False

    # Changing, and changing back. Each step can be cut short anywhere and done again.

    def _start(self):
        """What boot() does. Returns whether files or firmware changed."""
        # From here on the three starts of the trial count, and not the boot loader's single one: before anything is
        # written, as the power may go in this start too.
        self._keep_firmware(self._peek())
        journal = self.load()
        if journal is None:
            return False
        state = journal["state"]
        if state == "trial":
            return self._go_on_trial(journal)
        if state == "confirm":
            self._finish(journal)
            return False
        if state == "rollback":
            self._undo(journal)
        else:
            self.forward(journal, False)
        return True

    def _go_on_trial(self, journal):
        """Counts this start, or takes the old release back."""
        counter = "starts"
        reason = "not_confirmed"
        if self._firmware_is(journal, "old"):
            # A soft reset, and the new firmware has not started, or the boot loader never starts it.
            counter = "missed"
            reason = "firmware_reverted"
        limit = self.trial_starts
        if counter == "missed" and not self._boots(journal["firmware"]["new"]):
            limit = 0  # The boot loader has taken the old firmware back: it does not stay alone.
        count = journal.get(counter, 0)
        if count >= limit:
            self._roll_back(journal, reason, self.install_tries)
            return True
        journal[counter] = count + 1
        try:
            self._save(journal)
        except OSError:
            # A release whose starts cannot be counted would never go. As no record of it can be written, all of this
            # is done again where it is cut short.
            self._go_back(journal, "not_counted", self.install_tries)
            self._undo(journal)
            return True
        return counter == "missed"

    def forward(self, journal, written):
        """From a complete download to the trial. `written`: all of it since the board started."""
        firmware = journal["firmware"]
        if written:
            self._save(journal)
        if firmware and firmware["board"] == "pycom" and not written and not self._firmware_is(journal, "new"):
            # What ota_write has written is lost with the power: no firmware, so no files either.
            self._roll_back(journal, "firmware_interrupted", 0)
            return
        if self._is_lost(journal):
            self._roll_back(journal, "not_installed", 1)
            raise OTAError("plan_damaged", "the old release is back")
        try:
            if journal["state"] == "backup":
                for kind, path, copies in self._operations(journal):
                    if copies and kind != "A":
                        copy(path, path + BAK)
                journal["state"] = "install"
                self._save(journal)
            # Deletes last: a client that moves from OTA.py to OTA.mpy is there all the time.
            for deletes in (False, True):
                for kind, path, copies in self._operations(journal):
                    if (kind == "D") == deletes:
                        self._install(kind, path, copies)
                        if copies and not written:
                            sweep(path)
        except OSError as error:
            self._roll_back(journal, error_text(error), 1)
            raise OTAError("install_failed", error_text(error))
        if firmware and not self._firmware_is(journal, "new"):
            try:
                self._switch_firmware(firmware, "new")
            except OSError as error:
                self._roll_back(journal, "firmware_invalid", self.install_tries)
                raise OTAError("firmware_invalid", error_text(error))
        self.write_beside("version", journal["to"])
        journal["state"] = "trial"
        self._save(journal)

    def _install(self, kind, path, copies):
        new = path + NEW
        if kind == "D":
            if copies:
                remove(path)
            elif exists(path):
                os.rename(path, path + BAK)
        elif exists(new):
            # A rename over the old file never leaves it missing, so boot.py and this file can be replaced too.
            if kind == "R" and not copies:
                copy(path, path + BAK)
            move(new, path, copies)

    def _roll_back(self, journal, reason, failures):
        self._go_back(journal, reason, failures)
        self._save(journal)
        self._undo(journal)

    def _go_back(self, journal, reason, failures):
        """`failures`: how many of the `install_tries` this takes; a power cut takes none."""
        firmware = journal["firmware"]
        failed = [journal["to"].split("\n")[0], firmware and firmware["version"], failures]
        before = (read_record(self.home + "/report") or {}).get("failed")
        if before and before[:2] == failed[:2] and failures < self.install_tries:
            failed[2] += before[2]
            if failures:
                reason = "%s, %d times" % (reason, failed[2])
        if self._is_lost(journal):
            reason += "; plan_damaged"
        journal["untouched"] = journal["state"] == "backup"
        journal["state"] = "rollback"
        journal["reason"] = reason
        journal["failed"] = failed
        journal["refuse"] = failed[2] >= self.install_tries

    def _undo(self, journal):
        try:
            self._take_back(journal)
        except OSError:
            if not self._spend():
                raise
            self._take_back(journal)

    def _take_back(self, journal):
        for kind, path, copies in self._changes(journal):
            if journal["untouched"]:
                remove(path + BAK)
            else:
                self._restore(kind, path, copies)
            remove(path + NEW)
            if copies:
                sweep(path)
            prune(path, self.root_of(path))
        firmware = journal["firmware"]
        error = journal["reason"]
        try:
            if firmware and not (firmware["board"] == "esp32" and self._boots(firmware["old"])):
                self._switch_firmware(firmware, "old")
        except Exception as failed:  # the old files have to do with the new firmware, and status() says so
            error += "; the firmware stays: " + error_text(failed)
        if journal["from"] is None:
            remove(self.home + "/version")
        else:
            self.write_beside("version", journal["from"])
        lines = (journal["to"] + "\n").split("\n")
        report = {"error": error, "failed": journal.get("failed"), "refused": None, "firmware": None}
        if journal["refuse"]:
            report["refused"] = lines[0]
            report["firmware"] = firmware and firmware["version"]
        self.write_record("report", report)
        self._drop(journal)

    def _restore(self, kind, path, copies):
        if kind != "D" and not copies and exists(path + NEW):
            # Not installed yet; the backup may be half a file. It goes first: without .new it would count.
            remove(path + BAK)
        elif kind == "A":
            remove(path)
        elif exists(path + BAK):
            move(path + BAK, path, copies)

    def _finish(self, journal):
        for kind, path, copies in self._changes(journal):
            remove(path + BAK)
            if copies:
                sweep(path)
            if kind == "D":
                prune(path, self.root_of(path))
        remove(self.home + "/report")
        self._drop(journal)

    def root_of(self, path):
        best = self.mounts["flash"]
        for root in self.mounts.values():
            if len(root) > len(best) and path.startswith(root + "/"):
                best = root
        return best

    # Firmware

    def _firmware_is(self, journal, side):
        """Whether the board runs the `old` or the `new` firmware of this change, as far as it can tell."""
        firmware = journal["firmware"]
        if not firmware:
            return False
        if firmware["board"] == "esp32":
            return running_partition() == firmware[side]
        return side == "new" and self._pycom_switched(firmware)

    def _pycom_switched(self, firmware):
        if firmware["old"] is None:
            return "finished" in firmware or list(os.uname()) != firmware["uname"]
        return pycom_slot() != firmware["old"]

    def _boots(self, label):
        from esp32 import Partition

        return Partition(Partition.BOOT).info()[4] == label

    def _switch_firmware(self, firmware, side):
        if firmware["board"] == "esp32":
            from esp32 import Partition

            Partition.find(Partition.TYPE_APP, label=firmware[side])[0].set_boot()
            return
        import pycom

        if side == "new":
            pycom.ota_finish()
            firmware["finished"] = True
        elif self._pycom_switched(firmware):
            pycom.bootmgr(boot_partition=firmware["old"])

    def _keep_firmware(self, journal):
        firmware = journal and journal["firmware"]
        if firmware and firmware["board"] == "esp32" and self._firmware_is(journal, "new"):
            from esp32 import Partition

            try:
                Partition.mark_app_valid_cancel_rollback()
            except OSError:  # a boot loader without rollback
                pass


def running_partition():
    from esp32 import Partition

    return Partition(Partition.RUNNING).info()[4]


def pycom_slot():
    """The number of the slot that boots, as bootmgr(boot_partition=) takes it; bootmgr() itself answers with a name.
    None where the firmware cannot tell."""
    import pycom

    try:
        return ("factory", "ota_0").index(pycom.bootmgr()[0].lower())
    except (AttributeError, TypeError, IndexError, ValueError):
        return None


def error_text(error):
    return str(error) if isinstance(error, OTAError) else "%s: %s" % (type(error).__name__, error)


def read_record(path):
    """The record in a file, or None when there is none or its checksum does not hold."""
    lines = (read_text(path) or "").split("\n")
    if len(lines) < 2 or lines[1] != hexlify(hashlib.sha1(lines[0].encode()).digest()):
        return None
    return json.loads(lines[0])


class HTTPOTA(OTA):
    """Updates over a TCP/IP link that is already up: Ethernet, LTE, or a WiFi that the application manages."""

    timeout_ms = 10000  # a response that brings under 256 bytes in this time is given up

    def __init__(self, host, port, **settings):
        super().__init__(**settings)
        self.host = host
        self.port = port
        self._client = None

    def connect(self):
        if self._client is None:
            from ota_http import Client

            self._client = Client(self.host, self.port, self.timeout_ms)

    def get_data(self, req, dest_path=None, hash=False, firmware=False):
        self.connect()
        sink = self.sink(dest_path, hash, firmware)
        try:
            digest = self._client.fetch(req, dest_path, sink)
        except Exception:
            sink.abort()
            raise
        result = sink.close()
        self.verified = digest is not None and digest == result
        return result

    def announce(self, req, dest_path):
        self._client.announce(req, dest_path)


class WiFiOTA(HTTPOTA):
    """Updates over WiFi, from the server at `ip` and `port`."""

    join_ms = 30000

    def __init__(self, ssid, password, ip, port, **settings):
        super().__init__(ip, port, **settings)
        self.ssid = ssid
        self.password = password

    def connect(self):
        from ota_wifi import join

        join(self.ssid, self.password, self.join_ms)
        super().connect()
