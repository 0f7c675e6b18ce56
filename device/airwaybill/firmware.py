"""Writes a firmware image to where it does not run yet. It boots only when recovery says so (D12)."""

from micropython import const

import airwaybill_boot as base
from airwaybill_boot import BUFFER, binascii, esp32, os, pycom
from airwaybill_boot.files import hexlify, read_record, remove, write_record
from airwaybill_boot.firmware import partition, pycom_slot
from airwaybill.names import check_version
from airwaybill.digests import digest_like
from OTA import OTA, OTAError

_BLOCK = const(4096)  # the flash's erase unit
_ALIGN = const(16)  # encrypted flash takes whole units of this
_NOTE_BYTES = const(65536)  # a power cut takes at most so much of an image that is on its way


def version_of(request):
    """The version in the name of a firmware image, `firmware_1.0.1.bin`."""
    name = request.split("/")[-1]
    if not name.startswith("firmware_") or not name.endswith(".bin"):
        raise OTAError("firmware_unsupported", name)
    return check_version(unquote(name[len("firmware_") : -len(".bin")]))


def unquote(text):
    parts = text.split("%")
    out = parts[0]
    for part in parts[1:]:
        try:
            out += str(binascii.unhexlify(part[:2]), "ascii") + part[2:]
        except ValueError:
            raise OTAError("url_invalid", text)
    return out


def prepare(ota, found):
    """`ota.image`, where the plan has one to write. A board that cannot write firmware takes the files, and says so."""
    size, digest, request = found.firmware
    version = version_of(request)
    if found.head and found.head["firmware"] == digest:  # it runs already
        return
    try:
        ota.image = (Esp32 if esp32 else Pycom)(ota.home + "/image", digest, version)
    except OTAError as error:
        if not found.changes:
            raise
        ota.note = str(error)
        base.set_error(ota.note)
        return
    if size is not None:
        ota.image.expect(size)


def check_needed(ota, found):
    """That the release runs on the firmware that the device has, by its own record, or is to get, by the image's
    waybill."""
    names = [ota.firmware_version]
    if ota.image:
        names.append(ota.image.version)
    if found.needs.lstrip("v") not in [name and name.lstrip("v") for name in names]:
        raise OTAError(
            "firmware_needed",
            "%s is made for firmware %s, and the device has %s: offer firmware_%s.bin with it, or install that first"
            % (found.version, found.needs, names[0] or "none that it knows of", found.needs),
        )


class Esp32:
    """`offset` is how much has come. `write` takes bytes in order, `finish` gives the digest of what the partition then
    holds. `record` is what the plan has to know of the board's firmware. How far it is stands in a note on flash, so
    that the next update() goes on from there."""

    def __init__(self, note, digest, version):
        try:
            self._part = esp32.Partition(esp32.Partition.RUNNING).get_next_update()
        except OSError:
            raise OTAError("firmware_unsupported", "no second partition for firmware")
        info = self._part.info()
        self._size = info[3]
        self._note = note
        self.digest = digest
        self.version = version
        self.record = {"board": "esp32", "old": partition("RUNNING"), "new": info[4]}
        found = read_record(note) or {}
        self._go_to(found["offset"] if found.get("digest") == digest and found["part"] == info[4] else 0)

    def running(self, size):
        """The first `size` bytes of the image that runs, to read from."""
        return Running(esp32.Partition(esp32.Partition.RUNNING), size)

    def _go_to(self, offset):
        self.offset = self._at = self._noted = offset
        self._rest = bytearray()

    def restart(self):
        remove(self._note)
        self._go_to(0)

    def expect(self, size):
        if size > self._size:
            raise OTAError("image_size", "%d bytes, the partition has %d" % (size, self._size))

    def write(self, data):
        self.expect(self.offset + len(data))
        view = memoryview(data)
        self.offset += len(view)
        if self._rest:
            count = min(_ALIGN - len(self._rest), len(view))
            self._rest.extend(view[:count])
            view = view[count:]
            if len(self._rest) < _ALIGN:
                return
            self._program(self._rest)
            self._rest = bytearray()
        whole = len(view) - len(view) % _ALIGN
        self._program(view[:whole])
        self._rest.extend(view[whole:])
        if self._at - self._noted >= _NOTE_BYTES:
            self.abort()

    def abort(self):
        """Notes the whole blocks that have come."""
        self._noted = self._at - self._at % _BLOCK
        write_record(self._note, {"digest": self.digest, "offset": self._noted, "part": self.record["new"]})

    def finish(self):
        if self._rest:
            self._program(self._rest + b"\xff" * (_ALIGN - len(self._rest)))
            self._rest = bytearray()
        digest = digest_like(self.digest)
        for at in range(0, self.offset, len(BUFFER)):
            base.feed()
            count = min(len(BUFFER), self.offset - at)
            self._part.readblocks(at // _BLOCK, BUFFER[:count], at % _BLOCK)
            digest.update(BUFFER[:count])
        return hexlify(digest)

    def _program(self, view):
        done = 0
        while done < len(view):
            block, offset = divmod(self._at, _BLOCK)
            if not offset:
                self._part.ioctl(6, block)
            count = min(_BLOCK - offset, len(view) - done)
            # With an offset it writes without erasing the whole block first.
            self._part.writeblocks(block, view[done : done + count], offset)
            self._at += count
            done += count


class Running:
    def __init__(self, part, size):
        self._part = part
        self._size = size
        self._at = 0

    def seek(self, at):
        self._at = at

    def read(self, count):
        data = bytearray(max(0, min(count, self._size - self._at)))
        if data:
            self._part.readblocks(self._at // _BLOCK, data, self._at % _BLOCK)
        self._at += len(data)
        base.feed()
        return data


class Pycom:
    """As `Esp32`; what is written can neither be read back nor gone on with after a restart."""

    def __init__(self, note, digest, version):
        if not hasattr(pycom, "ota_start"):
            raise OTAError("firmware_unsupported", "no esp32.Partition and no pycom.ota_start")
        self.digest = digest
        self.version = version
        self.record = {"board": "pycom", "old": pycom_slot(), "uname": list(os.uname())}
        self.restart()
        if OTA.pycom_image and OTA.pycom_image[0] == digest:
            _, self.offset, self._digest = OTA.pycom_image
            OTA.pycom_image = None

    def running(self, size):
        """Cannot be read."""

    def restart(self):
        self._digest = digest_like(self.digest)
        self.offset = 0

    def expect(self, size):
        pass

    def write(self, data):
        if not self.offset:
            OTA.pycom_image = None
            pycom.ota_start()
        pycom.ota_write(data)
        self._digest.update(data)
        self.offset += len(data)

    def abort(self):
        OTA.pycom_image = self.digest, self.offset, self._digest

    def finish(self):
        return hexlify(self._digest)
