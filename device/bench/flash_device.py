"""One update on a littlefs in memory, from the request to `confirm()`: micropython flash_device.py TESTS CLIENT FILES

All of its FILES files are new, some 600 bytes each, twenty a directory. Prints the bytes read from and written to the
flash, the milliseconds, and whether all files are there. The client itself is not on that flash; the link is a
dictionary.
"""

import json
import os
import random
import sys
import time
import vfs

TESTS, CLIENT, FILES = sys.argv[1], sys.argv[2], int(sys.argv[3])
sys.path[:] = [TESTS + "/model", ".frozen"]

from devices import Chip, Log, Port
from releases import sha1

sys.path[:] = [CLIENT, ".frozen"]
BLOCK = 4096
SEED = 300


random.seed(SEED)
files = {}
for number in range(FILES):
    path = "flash/lib/package_%02d/module_%04d.py" % (number // 20, number)
    files[path] = bytes(random.getrandbits(8) for _ in range(random.randrange(400, 800)))


def manifest(full):
    entries = [
        {"URL": "http://x/1.0.1/" + path, "dst_path": path, "hash": sha1(files[path]), "size": len(files[path])}
        for path in sorted(files)
    ]
    head = '{"delete": [], %s"new": ' % ('"full": true, ' if full else "")
    tail = ', "previous_version": %s, "total_size": 0, "update": [], "version": "1.0.1"}'
    return (head + json.dumps(entries) + tail % ("null" if full else '"1.0.0"')).encode()


answers = {"current_ver": manifest(False), "": manifest(True)}
flash = Chip(Log(), "flash", BLOCK, 4 * FILES + 256, True)
vfs.VfsLfs2.mkfs(Port(flash))
vfs.mount(vfs.VfsLfs2(Port(flash)), "/flash")
os.mkdir("/flash/waybill")
with open("/flash/waybill/version", "w") as file:
    file.write("1.0.0\n")
with open("/flash/main.py", "w") as file:
    file.write("pass\n")
MOUNTS = {"flash": "/flash"}


def forget():
    for name in list(sys.modules):
        if name.startswith(("OTA", "ota_", "airwaybill")):
            del sys.modules[name]


def ota():
    from OTA import OTA

    class Memory(OTA):
        verified = True

        def get_data(self, req, dest_path=None, hash=False, firmware=False):
            if req.startswith("manifest.json"):
                data = answers["current_ver" if "current_ver" in req else ""]
            else:
                data = files[req.split("/", 1)[1]]
            sink = self.sink(dest_path, hash, firmware)
            data = memoryview(data)[sink.offset :]
            sink.expect(len(data))
            for start in range(0, len(data), 1024):
                sink.write(data[start : start + 1024])
            return sink.close()

    return Memory(MOUNTS)


flash.bytes_read = flash.bytes_written = 0
began = time.ticks_ms()
version = ota().update(reset=False)
for _ in range(2):
    forget()
    from OTA import OTA

    OTA.boot(MOUNTS, reset=False)
confirmed = ota().confirm()
took = time.ticks_diff(time.ticks_ms(), began)
found = {"read": flash.bytes_read, "written": flash.bytes_written, "ms": took}


def content(path):
    with open("/" + path, "rb") as file:
        return file.read()


found["whole"] = version == "1.0.1" and confirmed and all(content(path) == files[path] for path in files)
print(json.dumps(found))
