"""Where a transport puts what it receives."""

import airwaybill_boot as base
from airwaybill.digests import new_sha1
from airwaybill_boot import hashlib
from airwaybill_boot.files import hexlify, make_directories, parent, stat
from airwaybill_boot.content import pump
from OTA import OTAError

MANIFEST_BYTES = 512 * 1024
HELD_BYTES = 1024  # of a manifest, before it goes to flash: most polls bring `null`, and write nothing
FLUSH_BYTES = 32768  # what a power cut takes from a download, at most


class Sink:
    """`offset` is how much is there already: a transport that can go on does so, any other calls `restart()`.
    `expect(length)` checks that there is room for so many more bytes, where their number is known before they come.
    `write(data)` takes the bytes in order. `close()` gives what `get_data` returns: the bytes where there is no
    destination, and with `hash` the SHA-1 of the whole content, as 40 hex digits; a pair where it is both.
    `abort()` keeps what has come for the next try."""

    def __init__(self, ota, dest_path, hash, firmware):
        self._ota = ota
        self._path = dest_path
        self._hash = hash
        self._file = None
        self._data = None
        self._image = ota.image if firmware else None
        self._unflushed = 0
        self._digests = ()
        self.sha1 = None
        self.sha256 = None
        self.offset = 0
        ota.last_sink = self
        if firmware:
            self.offset = self._image.offset
            return
        self._begin()
        if dest_path is None or dest_path == ota.home + "/manifest":
            self._data = bytearray()
            return
        there = stat(dest_path)
        self.offset = there[6] if there else 0
        for digest in self._digests if self.offset else ():
            pump(dest_path, digest.update)
        self._file = open(dest_path, "ab" if self.offset else "wb")

    def _begin(self):
        if self._hash:
            self._digests = (new_sha1(), hashlib.sha256())

    def restart(self):
        if not self.offset:
            return
        self.offset = 0
        if self._image:
            self._image.restart()
            return
        self._begin()
        if self._file:
            self._file.close()
            self._file = open(self._path, "wb")
        else:
            self._data = bytearray()

    def expect(self, length):
        if self._image:
            self._image.expect(self.offset + length)
        elif self._path == self._ota.home + "/manifest":
            self._check_size(self.offset + length)
        elif self._path:
            for name, room in self._ota.rooms.items():
                if self._path.startswith("%s/%s/" % (self._ota.mounts[name], base.HOME)):
                    room.check_file(length)

    def _check_size(self, size):
        if size > MANIFEST_BYTES:
            raise OTAError("manifest_size", "over %d bytes" % MANIFEST_BYTES)

    def write(self, data):
        base.feed()
        if self._image:
            self._image.write(data)
        else:
            for digest in self._digests:
                digest.update(data)
            if self._file:
                self._unflushed += len(data)
                if self._unflushed > FLUSH_BYTES:
                    self._unflushed = 0
                    self._file.flush()
                self._file.write(data)
            else:
                self._data.extend(data)
                if self._path and len(self._data) > HELD_BYTES:
                    make_directories(parent(self._path))
                    self._file = open(self._path, "wb")
                    self._file.write(self._data)
                    self._data = None
        self.offset += len(data)
        if self._path == self._ota.home + "/manifest":
            self._check_size(self.offset)
        if self._ota.progress:
            self._ota.progress()

    def abort(self):
        if self._file:
            self._file.close()
        if self._image:
            self._image.abort()

    def close(self):
        if self._file:
            self._file.close()
        if self._image:
            self.sha1 = self._image.finish()
            return self.sha1
        if self._digests:
            self.sha1, self.sha256 = [hexlify(digest) for digest in self._digests]
        if self._path:
            self._ota.held = self._data
            return self.sha1
        data = bytes(self._data)
        return (data, self.sha1) if self._hash else data
