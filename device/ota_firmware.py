"""Writes a firmware image to where it does not run yet. It boots only when `OTA.forward` says so (D6)."""

from OTA import OTAError, hashlib, os, pycom_slot, running_partition

BLOCK = 4096  # the flash's erase unit
ALIGN = 16  # encrypted flash takes whole units of this


class Image:
    """`offset` is how much has come. `write` takes bytes in order, `finish` gives their SHA-1. `record` is what the
    journal has to know of the board's firmware."""

    def __init__(self, size):
        try:
            self._board = _Esp32()
        except ImportError:
            self._board = _Pycom()
        self.record = self._board.record
        if size is not None:
            self._board.expect(size)
        self.restart()

    def restart(self):
        self._digest = hashlib.sha1()
        self.offset = 0

    def expect(self, size):
        self._board.expect(size)

    def write(self, data):
        if not self.offset:
            self._board.start()
        self._digest.update(data)
        self._board.write(data)
        self.offset += len(data)

    def finish(self):
        self._board.finish()
        return self._digest.digest()


class _Esp32:
    def __init__(self):
        from esp32 import Partition

        try:
            self._part = Partition(Partition.RUNNING).get_next_update()
        except OSError:
            raise OTAError("firmware_unsupported", "no second partition for firmware")
        info = self._part.info()
        self._size = info[3]
        self._rest = bytearray()
        self._at = 0
        self.record = {"board": "esp32", "old": running_partition(), "new": info[4]}

    def expect(self, size):
        if size > self._size:
            raise OTAError("image_size", "%d bytes, and the partition has %d" % (size, self._size))

    def start(self):
        self._at = 0
        self._rest = bytearray()

    def write(self, data):
        self.expect(self._at + len(self._rest) + len(data))
        view = memoryview(data)
        if self._rest:
            count = min(ALIGN - len(self._rest), len(data))
            self._rest.extend(view[:count])
            view = view[count:]
            if len(self._rest) < ALIGN:
                return
            self._program(self._rest)
            self._rest = bytearray()
        whole = len(view) - len(view) % ALIGN
        self._program(view[:whole])
        self._rest.extend(view[whole:])

    def finish(self):
        if self._rest:
            self._program(self._rest + b"\xff" * (ALIGN - len(self._rest)))
            self._rest = bytearray()

    def _program(self, view):
        done = 0
        while done < len(view):
            block, offset = divmod(self._at, BLOCK)
            if not offset:
                self._part.ioctl(6, block)
            count = min(BLOCK - offset, len(view) - done)
            # With an offset it writes without erasing the whole block first.
            self._part.writeblocks(block, view[done : done + count], offset)
            self._at += count
            done += count


class _Pycom:
    def __init__(self):
        try:
            import pycom
        except ImportError:
            raise OTAError("firmware_unsupported", "neither esp32.Partition nor pycom.ota_start is there")
        if not hasattr(pycom, "ota_start"):
            raise OTAError("firmware_unsupported", "pycom.ota_start is not there")
        self._pycom = pycom
        self.record = {"board": "pycom", "old": pycom_slot(), "uname": list(os.uname())}

    def expect(self, size):
        pass

    def start(self):
        self._pycom.ota_start()

    def write(self, data):
        self._pycom.ota_write(data)

    def finish(self):
        pass  # ota_finish makes it bootable: not before the files are in place
