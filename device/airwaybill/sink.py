"""Where a transport puts what it receives."""

from micropython import const

import airwaybill_boot as base
from airwaybill_boot import hashlib
from airwaybill_boot.files import close, hexlify, make_directories, parent
from airwaybill_boot.content import pump
from airwaybill.digests import new_sha1
from OTA import OTAError

_MANIFEST_BYTES = const(512 * 1024)
_HELD_BYTES = const(1024)  # of a manifest, before it goes to flash: most polls bring `null`, and write nothing
_FLUSH_BYTES = const(32768)  # what a power cut takes from a download, at most


class Sink:
    """`offset` is how much is there already: a transport that can go on does so, any other calls `restart()`.
    `expect(length)` checks that there is room for so many more bytes, where their number is known before they come.
    `write(data)` takes the bytes in order. `close()` gives what `get_data` returns: the bytes where there is no
    destination, and with `hash` the SHA-1 of the whole content, as 40 hex digits; a pair where it is both.
    `abort()` keeps what has come for the next try."""

    def __init__(self, ota, dest_path, hash, firmware):
        self.ota = ota
        self.path = dest_path
        self.hash = hash
        self.file = None
        self.data = None
        self.image = ota.image if firmware else None
        self.unflushed = 0
        self.digests = ()
        self.sha1 = None
        self.sha256 = None
        self.offset = 0
        ota.last_sink = self
        if firmware:
            self.offset = self.image.offset
            return
        self.begin()
        if dest_path is None or dest_path == ota.home + "/manifest":
            self.data = bytearray()
            return
        self.file = open(dest_path, "ab")
        self.offset = self.file.seek(0, 2)
        for digest in self.digests if self.offset else ():
            pump(dest_path, digest.update)

    def begin(self):
        if self.hash:
            self.digests = (new_sha1(), hashlib.sha256())

    def restart(self):
        if not self.offset:
            return
        self.offset = 0
        if self.image:
            self.image.restart()
            return
        self.begin()
        if self.file:
            close(self.file)
            self.file = open(self.path, "wb")
        else:
            self.data = bytearray()

    def expect(self, length):
        if self.image:
            self.image.expect(self.offset + length)
        elif self.path == self.ota.home + "/manifest":
            self.check_size(self.offset + length)
        elif self.path:
            for name, room in self.ota.rooms.items():
                if self.path.startswith("%s/%s/" % (self.ota.mounts[name], base.HOME)):
                    from airwaybill.space import check

                    # An open file counts twice (findings/littlefs-statvfs-counts-open-files-again.sh).
                    if self.offset:
                        close(self.file)
                    there, all = [-(-size // room["block"]) for size in (self.offset, self.offset + length)]
                    check(self.ota, name, room, all - there)
                    if self.offset:
                        self.file = open(self.path, "ab")

    def check_size(self, size):
        if size > _MANIFEST_BYTES:
            raise OTAError("manifest_size", "over %d bytes" % _MANIFEST_BYTES)

    def write(self, data):
        base.feed()
        if self.image:
            self.image.write(data)
        else:
            for digest in self.digests:
                digest.update(data)
            self.put(data)
        self.offset += len(data)
        if self.ota.limit and self.offset > self.ota.limit[0]:
            raise OTAError(self.ota.limit[1], "over %d bytes" % self.ota.limit[0])
        if self.path == self.ota.home + "/manifest":
            self.check_size(self.offset)
        if self.ota.progress:
            self.ota.progress()

    def put(self, data):
        if not self.file and self.path and len(self.data) + len(data) > _HELD_BYTES:
            make_directories(parent(self.path))
            self.file = open(self.path, "wb")
            self.file.write(self.data)
            self.data = None
        if not self.file:
            self.data.extend(data)
            return
        self.unflushed += len(data)
        if self.unflushed > _FLUSH_BYTES:
            self.unflushed = 0
            self.file.flush()
        self.file.write(data)

    def abort(self):
        if self.file:
            close(self.file)
        if self.image:
            self.image.abort()

    def close(self):
        if self.file:
            close(self.file)
        if self.image:
            self.sha1 = self.image.finish()
            return self.sha1
        if self.digests:
            self.sha1, self.sha256 = [hexlify(digest) for digest in self.digests]
        if self.path:
            self.ota.held = self.data
            return self.sha1
        data = bytes(self.data)
        return (data, self.sha1) if self.hash else data
