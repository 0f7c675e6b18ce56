"""Two firmwares whose `.mpy` files differ, on one MicroPython that reads files of version 6 alone.

Under a firmware that reads another version an import sees files of that version as 6, and those of 6 as none; what
opens a file itself sees its bytes.
"""

import builtins
import io
import sys

MPY = 6
EIO = 5
_import = builtins.__import__
_depth = [0]


def _watched(*arguments):
    _depth[0] += 1
    try:
        return _import(*arguments)
    finally:
        _depth[0] -= 1


def watch_imports(on):
    builtins.__import__ = _watched if on else _import
    _depth[0] = 0


def of_version(data, version):
    """A compiled file as the compiler of another MicroPython would have written it."""
    return data[:1] + bytes([version]) + data[2:]


class _System:
    def __init__(self, version):
        for name in dir(sys):
            if name[0] != "_":
                setattr(self, name, getattr(sys, name))
        self.implementation = _Implementation(version)


class _Implementation:
    def __init__(self, version):
        self.name = sys.implementation.name
        self.version = sys.implementation.version
        self._machine = sys.implementation._machine
        self._mpy = sys.implementation._mpy & ~0xFF | version

    def __getitem__(self, index):
        return (self.name, self.version, self._machine, self._mpy)[index]


def system(version):
    """The module `sys` of a firmware that reads this version."""
    return _System(version)


class Translated:
    """A file system whose .mpy files an import sees as the running MicroPython's own if they have this version.

    `reads` are those of its device. MicroPython's stat() of littlefs looks for the time of a file after all else, and
    swallows what fails there; where the driver raises its errors, as that of ESP32 does, they come out."""

    def __init__(self, system, version, reads):
        self._version = version
        self._system = system
        self._reads = reads
        for name in ("umount", "chdir", "getcwd", "ilistdir", "mkdir", "remove", "rename", "rmdir", "statvfs"):
            setattr(self, name, getattr(system, name))

    def mount(self, readonly, mkfs):
        self._system.mount(readonly, mkfs)

    def stat(self, path):
        failed = self._reads.failed
        found = self._system.stat(path)
        if self._reads.failed > failed:
            raise OSError(EIO)
        return found

    def open(self, path, mode):
        file = self._system.open(path, mode)
        if not _depth[0] or not path.endswith(".mpy"):
            return file
        data = file.read()
        file.close()
        version = data[1] if len(data) > 1 else 0
        return io.BytesIO(of_version(data, MPY if version == self._version else 0))
