"""One update, from the request for the manifest to the journal. Nothing live changes here: see `OTA.forward`."""

import gc
import sys

from OTA import (
    BAK,
    NEW,
    OTA,
    OTAError,
    error_text,
    exists,
    hashlib,
    hexlify,
    os,
    prune,
    pump,
    read_text,
    remove,
    sha1_of,
    time,
)

MANIFEST_BYTES = 512 * 1024
AHEAD = 8  # requests on their way at once, where the transport can
SPARE_BYTES = 16384
FLUSH_BYTES = 32768  # what a power cut takes from a download, at most
ENOSPC = 28
UNRESERVED = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~/"
# Trying again does not help.
FINAL = ("space", "manifest_size", "http_refused", "image_size", "firmware_unsupported")


class Sink:
    """Where a transport puts what it receives.

    `offset` is how much is there already: a transport that can fetch from there does so, any other calls `restart()`.
    `expect(length)` checks that there is room for so many more bytes, where their number is known before they come.
    `write(data)` takes the bytes in order. `close()` gives what `get_data` returns: the bytes where there is no
    destination, and with `hash` the SHA-1 of the whole content, as 40 hex digits; a pair where it is both.
    `abort()` keeps what has come for the next try.
    """

    def __init__(self, ota, dest_path, hash, firmware):
        self._ota = ota
        self._path = dest_path
        self._digest = hashlib.sha1() if hash else None
        self._file = None
        self._data = None
        self._image = ota.image if firmware else None
        self._unflushed = 0
        self.offset = 0
        if firmware:
            self.offset = self._image.offset
        elif dest_path is None:
            self._data = bytearray()
        else:
            self._open()

    def _open(self):
        try:
            self.offset = os.stat(self._path)[6]
        except OSError:
            pass
        if self.offset and self._digest:
            pump(self._path, self._digest.update)
        self._file = open(self._path, "ab" if self.offset else "wb")

    def restart(self):
        if not self.offset:
            return
        self.offset = 0
        if self._digest:
            self._digest = hashlib.sha1()
        if self._image:
            self._image.restart()
        elif self._file:
            self._file.close()
            self._file = open(self._path, "wb")
        else:
            self._data = bytearray()

    def expect(self, length):
        if self._image:
            self._image.expect(self.offset + length)
        elif self._file:
            check_room(self._ota, self._path, self.offset + length, length)

    def write(self, data):
        OTA.feed()
        if self._image:
            self._image.write(data)
        else:
            if self._digest:
                self._digest.update(data)
            if self._file:
                self._unflushed += len(data)
                if self._unflushed > FLUSH_BYTES:
                    self._unflushed = 0
                    self._file.flush()
                    # A server that gave no length is held to the limits too.
                    check_room(self._ota, self._path, self.offset, len(data))
                self._file.write(data)
            else:
                self._data.extend(data)
        self.offset += len(data)

    def abort(self):
        if self._file:
            self._file.close()

    def close(self):
        if self._file:
            self._file.close()
        digest = self._image.finish() if self._image else self._digest and self._digest.digest()
        digest = digest and hexlify(digest)
        if self._data is None:
            return digest
        return (bytes(self._data), digest) if digest else bytes(self._data)


def quote(path):
    """M2: the path as it stands in a URL."""
    out = bytearray()
    for c in path.encode():
        if c in UNRESERVED:
            out.append(c)
        else:
            out.extend(b"%%%02X" % c)
    return str(out, "ascii")


def entries(plan):
    """Each (kind, size or None, sha1, path, request) of a plan; the firmware's path is None."""
    prefix = ""
    special = None
    for line in plan:
        OTA.feed()
        kind = line[0]
        line = line[2:-1]
        if kind == "P":
            prefix = line
        elif kind == "Q":
            special = line
        elif kind in "ARKDF":
            size, digest, path = line.split(" ", 2)
            size = None if size == "-" else int(size)
            if kind == "F":
                yield kind, size, digest, None, path
            else:
                yield kind, size, digest, path, special or prefix + quote(path)
                special = None


def file_system(root):
    """(block size, free blocks) of the file system at `root`."""
    root = root or "/"
    try:
        stat = os.statvfs(root)
        return stat[1] or stat[0], stat[4]
    except AttributeError:  # Pycom
        return 4096, os.getfree(root) // 4


def check_room(ota, path, total, length):
    if path == ota.home + "/manifest" and total > MANIFEST_BYTES:
        raise OTAError("manifest_size", "over %d bytes" % MANIFEST_BYTES)
    root = ota.root_of(path)
    block, free = file_system(root)
    need = -(-length // block) + ota.reserve.get(root, 0)
    if need > free:
        raise no_room(root, need, block, free)


def no_room(root, need, block, free):
    return OTAError("space", "%s needs %d blocks of %d bytes and has %d" % (root or "/", need, block, free))


class Summary:
    """What a manifest says beside its entries, and what the plan will take."""

    def __init__(self):
        self.version = None
        self.previous = None
        self.firmware = None  # (size or None, sha1, request)
        self.entries = 0
        self.uses = []  # names of mounts
        self.sized = None  # format 2
        self.digest = None
        # by mount: blocks of new files, blocks of files that a backup doubles for a while, the largest single file
        self.blocks = {}


def once(module, function, *arguments):
    """Calls a function of a module that is loaded for that alone: together, these are half of the client's memory."""
    gc.collect()
    try:
        return getattr(__import__(module), function)(*arguments)
    finally:
        sys.modules.pop(module, None)
        gc.collect()


def run(ota, allow_downgrade, retry):
    """The version that is now on trial, or None when there is nothing to do."""
    gc.collect()
    ota.image = None
    if ota.load() is not None:
        raise OTAError("unfinished", "the last change is not confirmed")
    remove(ota.home + "/spare")  # from before a power cut
    if not exists(ota.home):
        os.mkdir(ota.home)
    try:
        asked = once("ota_manifest", "read", ota)
        summary, firmware, systems = once("ota_plan", "prepare", ota, allow_downgrade, retry, *asked)
    except MemoryError:
        raise OTAError("memory", "the manifest does not fit")
    finally:
        remove(ota.home + "/manifest")
        remove(ota.home + "/plan" + NEW)
        prune(ota.home + "/manifest", ota.mounts["flash"])
    if summary is None:
        return None
    try:
        download(ota, ota.home + "/plan")
        if ota.image:
            fetch(ota, summary.firmware[2], None, summary.firmware[1], True)
    except OTAError as error:
        if error.code == "space":  # the application needs what is left
            once("ota_plan", "discard", ota)
        raise
    check_complete(ota, ota.home + "/plan")
    journal = journal_of(ota, summary, firmware, systems)
    ota.keep_spare(journal["spare"])
    ota.forward(journal, True)
    return summary.version


def fetch_manifest(ota, request, path):
    """A byte that changed on the way can name another file. Where nothing vouches for the manifest, it has to arrive
    twice alike."""

    def attempt():
        remove(path)
        first = ota.get_data(request, path, True)
        if not ota.verified:
            remove(path)
            if ota.get_data(request, path, True) != first:
                raise OTAError("manifest_differs", "two answers to one request")

    attempts(ota, attempt)


def attempts(ota, attempt):
    """D2: five tries, with growing pauses."""
    for number in range(ota.tries):
        for _ in range(1 << (number - 1) if number else 0):
            OTA.feed()
            time.sleep_ms(ota.pause_ms)
        try:
            return attempt()
        except OSError as error:
            last = OTAError("space" if error.args[0] == ENOSPC else "link", error_text(error))
        except OTAError as error:
            last = error
        if last.code in FINAL:
            break
        gc.collect()
    raise last


def fetch(ota, request, path, digest, firmware=False):
    def attempt():
        found = ota.get_data(request, path, True, firmware)
        if found != digest:
            if firmware:
                ota.image.restart()
            else:
                remove(path)
            raise OTAError("hash_mismatch", request)

    attempts(ota, attempt)


def wanted(ota, plan):
    """What is still to be fetched, as (request, path, sha1)."""
    for kind, size, digest, path, request in entries(plan):
        if kind not in "AR":
            continue
        real = ota.real_path(path)
        new = real + NEW
        try:
            found = os.stat(new)[6]
        except OSError:
            found = None
            make_parents(real, ota.root_of(real))
        if found is not None and size is not None and found >= size:
            if sha1_of(new) == digest:
                continue
            remove(new)
        yield request, new, digest


def make_parents(path, root):
    at = path.find("/", len(root) + 1)
    while at > 0:
        if not exists(path[:at]):
            os.mkdir(path[:at])
        at = path.find("/", at + 1)


def download(ota, plan_path):
    with open(plan_path) as plan:
        source = wanted(ota, plan)
        waiting = []
        more = True
        while more or waiting:
            while more and len(waiting) < AHEAD:
                try:
                    item = next(source)
                except StopIteration:
                    more = False
                else:
                    ota.announce(item[0], item[1])
                    waiting.append(item)
            if waiting:
                request, path, digest = waiting.pop(0)
                fetch(ota, request, path, digest)


def check_complete(ota, plan_path):
    """D2: a last look at every file before the journal, at the old ones too, which the application may have changed."""
    with open(plan_path) as plan:
        for kind, _, digest, path, _ in entries(plan):
            if kind not in "ARD":
                continue
            real = ota.real_path(path)
            if kind != "D" and (not exists(real + NEW) or sha1_of(real + NEW) != digest):
                remove(real + NEW)
                raise OTAError("changed", path + NEW)
            if exists(real) != (kind != "A"):
                raise OTAError("changed", path)
            remove(real + BAK)  # one from elsewhere would count as the backup


def journal_of(ota, summary, firmware, systems):
    copies = [name for name in summary.uses if systems[name][2]]
    running = firmware or ota.firmware_version
    record = None
    if ota.image:
        record = ota.image.record
        record["version"] = firmware
        ota.image = None
    return {
        "journal": 1,
        "seq": 0,
        "state": "backup" if copies else "install",
        "starts": 0,
        "from": read_text(ota.home + "/version"),
        "to": summary.version + "\n" + (running + "\n" if running else ""),
        "plan": sha1_of(ota.home + "/plan"),
        "uses": summary.uses,
        "copies": copies,
        "firmware": record,
        "spare": spare_blocks(summary, systems) * systems["flash"][0],
    }


def spare_blocks(summary, systems):
    """What taking a release back needs at once, on flash: a few records, and where files are copied the largest."""
    block, _, copies = systems["flash"]
    return -(-SPARE_BYTES // block) + (summary.blocks["flash"][2] if copies and "flash" in summary.blocks else 0)
