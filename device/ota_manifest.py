"""Reads a manifest as a stream and writes the plan of the change, one line for each path.

A plan is text. Its lines are, in the manifest's order,
`P prefix` what stands before the device path in the URLs that follow (without the host),
`Q request` the next entry's URL where that does not hold,
`A|R|K size sha1 path` a file to add, to replace, or to keep as it is, `D - - path` one to delete, `X - - path` one that
is not deleted after all (see check_case and _keep_a_client),
`F size sha1 request` the firmware, and at the end `= digest`, the same for two plans that fetch the same content.
"""

from OTA import BAK, HOME, NEW, OTA, OTAError, exists, hashlib, hexlify, json, os, remove
from ota_names import check_path, check_utf8, check_version
from ota_update import Summary, fetch_manifest, file_system, quote

# Nested deeper, or longer, is no manifest; both limits keep a hostile one out of the heap.
DEPTH = 16
STRING_BYTES = 16384
SIZE_LIMIT = 1 << 53
# Left alone on FAT, where a file cannot be replaced in one step: without them, nothing would recover the device.
KEPT = ("flash/boot.py", "flash/OTA.py", "flash/OTA.mpy", "flash/lib/OTA.py", "flash/lib/OTA.mpy")


class Reader:
    """JSON from a file, value by value, as strict as the grammar, in little memory."""

    def __init__(self, stream):
        self._stream = stream
        self._buffer = bytearray(256)
        self._end = 0
        self._at = 0
        self.byte = 0
        self.next()

    def next(self):
        """On to the next byte; -1 is the end."""
        if self._at == self._end:
            OTA.feed()
            self._end = self._stream.readinto(self._buffer)
            self._at = 0
            if not self._end:
                self.byte = -1
                return
        self.byte = self._buffer[self._at]
        self._at += 1

    def fail(self, what):
        raise OTAError("json_invalid", what)

    def peek(self):
        """The first byte that is no white space, as a text; empty at the end."""
        while self.byte in b" \t\r\n" if self.byte >= 0 else False:
            self.next()
        return chr(self.byte) if self.byte >= 0 else ""

    def take(self, mark):
        if self.peek() != mark:
            self.fail("%r instead of %r" % (self.peek(), mark))
        self.next()

    def keys(self):
        """The keys of an object. Whoever asks for the next one has read the value."""
        self.take("{")
        if self.peek() == "}":
            self.next()
            return
        while True:
            key = self.string()
            self.take(":")
            yield key
            if self.peek() != ",":
                break
            self.next()
        self.take("}")

    def items(self):
        """Each item's number in an array. Whoever asks for the next one has read the item."""
        self.take("[")
        if self.peek() == "]":
            self.next()
            return
        number = 0
        while True:
            yield number
            number += 1
            if self.peek() != ",":
                break
            self.next()
        self.take("]")

    def string(self):
        if self.peek() != '"':
            self.fail("%r instead of a string" % self.peek())
        data = bytearray(b'"')
        escaped = False
        plain = True
        while True:
            self.next()
            if self.byte < 0x20 or len(data) > STRING_BYTES:
                self.fail("a string without end" if self.byte < 0 else "a string with a control character, or too long")
            data.append(self.byte)
            if escaped:
                escaped = False
                if self.byte not in b'"\\/bfnrtu':
                    self.fail("an unknown escape")
            elif self.byte == 0x22:
                break
            elif self.byte == 0x5C:
                escaped = True
                plain = False
        self.next()
        if not check_utf8(data):
            self.fail("a string that is not UTF-8")
        if plain:
            return str(memoryview(data)[1:-1], "utf-8")
        try:
            return json.loads(data)
        except ValueError:
            self.fail("an escape that is none")

    def scalar(self):
        """A number, true, false or null; a number that is not a plain whole one counts as a float."""
        text = ""
        while 0 <= self.byte and chr(self.byte) in "+-.0123456789Eabcdefghijklmnopqrstuvwxyz" and len(text) < 32:
            text += chr(self.byte)
            self.next()
        if text in ("null", "true", "false"):
            return {"null": None, "true": True, "false": False}[text]
        if text.isdigit() and (text == "0" or text[0] != "0"):
            return int(text)
        digits = text[1:] if text[:1] == "-" else text
        try:
            if digits[0].isdigit() and text[-1].isdigit() and (digits[0] != "0" or not digits[1:2].isdigit()):
                return float(text)
        except (ValueError, IndexError):
            pass
        self.fail("%r is no value" % text)

    def skip(self, depth=0):
        if depth > DEPTH:
            self.fail("nested too deep")
        mark = self.peek()
        if mark == "{":
            for _ in self.keys():
                self.skip(depth + 1)
        elif mark == "[":
            for _ in self.items():
                self.skip(depth + 1)
        else:
            self.value()

    def value(self):
        """A string or a scalar; for anything else an empty tuple, which is of no type that a field has."""
        mark = self.peek()
        if mark in "{[" and mark:
            self.skip()
            return ()
        return self.string() if mark == '"' else self.scalar()

    def text(self, field):
        value = self.value()
        if not isinstance(value, str):
            raise OTAError("field_type", field)
        return value

    def whole(self, field):
        value = self.value()
        if isinstance(value, bool) or not isinstance(value, int):
            raise OTAError("field_type", field)
        if value >= SIZE_LIMIT:
            raise OTAError("size_too_big", field)
        return value


class Planner:
    """Turns one manifest into a plan, and refuses what rules M5 and D5 refuse. Nothing but the plan is written."""

    def __init__(self, ota, plan, systems):
        self._ota = ota
        self._plan = plan
        self._systems = systems
        self._digest = hashlib.sha1()
        self._prefix = None
        self._last = None
        self._total = False
        self._clients = []  # of KEPT, what the release brings
        self._deletes = []  # and what it deletes: (where in the plan, path)
        self.sections = []  # where the lists start in the plan
        self.summary = Summary()

    def convert(self, stream):
        """The summary, or None for the manifest `null`."""
        reader = Reader(stream)
        if reader.peek() != "{":
            value = reader.value()
            if reader.peek():
                reader.fail("text after the manifest")
            if value is not None:
                raise OTAError("field_type", "the manifest is no object")
            return None
        seen = []
        for key in reader.keys():
            if key in seen:
                reader.fail("%s twice" % key)
            if key in ("delete", "new", "update"):
                self._list(reader, key)
            elif key == "firmware":
                self._firmware(reader)
            elif key == "version":
                self.summary.version = check_version(reader.text(key))
            elif key == "previous_version":
                value = reader.value()
                if value is not None and not isinstance(value, str):
                    raise OTAError("field_type", key)
                self.summary.previous = value
            elif key == "total_size":
                reader.whole(key)
                self._total = True
            else:
                reader.skip()
                continue
            seen.append(key)
        if reader.peek():
            reader.fail("text after the manifest")
        for key in ("delete", "new", "previous_version", "update", "version"):
            if key not in seen:
                raise OTAError("field_missing", key)
        if self.summary.sized and not self._total:
            raise OTAError("field_missing", "total_size")
        self._keep_a_client()
        self.summary.digest = hexlify(self._digest.digest())
        self._plan.write("= %s\n" % self.summary.digest)
        return self.summary

    def _list(self, reader, key):
        if reader.peek() != "[":
            reader.value()
            raise OTAError("field_type", key)
        self.sections.append(self._plan.tell())
        self._last = b""
        for number in reader.items():
            field = "%s[%d]" % (key, number)
            if key == "delete":
                self._delete(check_path(reader.text(field)))
            else:
                self._entry(reader, field)
            self.summary.entries += 1

    def _fields(self, reader, field, wanted):
        if reader.peek() != "{":
            reader.value()
            raise OTAError("field_type", field)
        found = {}
        for key in reader.keys():
            if key in found:
                reader.fail("%s.%s twice" % (field, key))
            if key == "size":
                found[key] = reader.whole(field + ".size")
            elif key in wanted:
                found[key] = reader.text(field + "." + key)
            else:
                reader.skip()
        for key in wanted:
            if key not in found:
                raise OTAError("field_missing", field + "." + key)
        digest = found["hash"]
        for c in digest:
            if c not in "0123456789abcdef":
                raise OTAError("digest_invalid", field + ".hash")
        if len(digest) != 40:
            raise OTAError("digest_invalid", field + ".hash")
        size = found.get("size")
        if self.summary.sized is None:
            self.summary.sized = size is not None
        elif self.summary.sized != (size is not None):
            raise OTAError("field_missing", field + ".size")
        return found, size, digest

    def _request(self, url, field):
        """What to ask the server for. The host in the URL does not count: files come from the server that was set."""
        start = url.find("://")
        slash = url.find("/", start + 3)
        if url[:start] not in ("http", "https") or slash <= start + 3 or slash == len(url) - 1:
            raise OTAError("url_invalid", field)
        for c in url:
            if not "!" <= c <= "~":
                raise OTAError("url_invalid", field)
        return url[slash + 1 :]

    def _entry(self, reader, field):
        found, size, digest = self._fields(reader, field, ("URL", "dst_path", "hash"))
        path = found["dst_path"]
        # M5: with or without the leading slash, the same path.
        path = check_path(path[1:] if path[:1] == "/" else path)
        request = self._request(found["URL"], field + ".URL")
        name = self._mount_of(path)
        real = self._ota.real_path(path)
        old = self._stat(path, real)
        kept = self._kept(name, path)
        keep = kept and self._is_left(name)
        if kept and not keep:
            self._clients.append(kept)
        kind = "K" if keep else "A" if old is None else "R"
        self._digest.update(("%s %s %s %s\n" % (kind, digest, path, request)).encode())
        quoted = quote(path)
        if request.endswith(quoted):
            prefix = request[: -len(quoted)]
            if prefix != self._prefix:
                self._plan.write("P %s\n" % prefix)
                self._prefix = prefix
        else:
            self._plan.write("Q %s\n" % request)
        self._plan.write("%s %s %s %s\n" % (kind, "-" if size is None else size, digest, path))
        if not keep:
            self._count(name, size or 0, old or 0)

    def _delete(self, path):
        name = self._mount_of(path)
        old = self._stat(path, self._ota.real_path(path))
        kept = self._kept(name, path)
        # boot.py is what calls boot(): it is replaced, never taken away.
        if old is None or kept == KEPT[0] or (kept and self._is_left(name)):
            return
        if kept:
            if self._clients:  # the way back takes the plan's order, and needs the old client before the new one goes
                raise OTAError("path_order", path)
            self._deletes.append((self._plan.tell(), kept))
        self._plan.write("D - - %s\n" % path)
        self._digest.update(("D %s\n" % path).encode())
        self._count(name, 0, old)

    def _firmware(self, reader):
        found, size, digest = self._fields(reader, "firmware", ("URL", "hash"))
        request = self._request(found["URL"], "firmware.URL")
        self.summary.firmware = (size, digest, request)
        if self._ota.firmware:
            self._plan.write("F %s %s %s\n" % ("-" if size is None else size, digest, request))
            self._digest.update(digest.encode())

    def _mount_of(self, path):
        """D5: inside a mount point of the device, and none of the client's own files."""
        if path.encode() <= self._last:
            raise OTAError("path_order", path)
        self._last = path.encode()
        name = path[: path.find("/")]
        mounts = self._ota.mounts
        if "/" not in path or name not in mounts:
            raise OTAError("path_mount", path)
        segments = path.lower().split("/")
        if segments[1] == HOME and name == "flash":
            raise OTAError("path_reserved", path)
        for segment in segments:
            if segment.endswith(NEW) or segment.endswith(BAK):
                raise OTAError("path_reserved", path)
        real = self._ota.real_path(path).lower()
        for other in mounts:
            if (
                other != name
                and len(mounts[other]) > len(mounts[name])
                and (real + "/").startswith(mounts[other] + "/")
            ):
                raise OTAError("path_mount", path)
        if name not in self.summary.uses:
            if not self._ota.is_mounted(name):
                raise OTAError("mount_missing", name)
            self.summary.uses.append(name)
            self.summary.blocks[name] = [0, 0, 0]
        if self._copies(name):
            for segment in segments:
                # FAT drops these at the end, and so takes the name for another; the others it cannot hold.
                if segment[-1] in ". " or any([c in segment for c in '"*:<>?|']):
                    raise OTAError("path_reserved", path)
        return name

    def _kept(self, name, path):
        for kept in KEPT:
            if path == kept or (self._copies(name) and path.lower() == kept.lower()):
                return kept
        return None

    def _is_left(self, name):
        return self._copies(name) and not self._ota.boot_py

    def _keep_a_client(self):
        """The client moves from OTA.py to OTA.mpy, but is not deleted where the release has none."""
        deleted = [path for _, path in self._deletes]
        for path in KEPT[1:]:
            if path in self._clients or (path not in deleted and exists(self._ota.real_path(path))):
                return
        for at, _ in self._deletes:
            self._plan.seek(at)
            self._plan.write("X")
            self._digest.update(b"X")
        self._plan.seek(0, 2)

    def _copies(self, name):
        return self._systems[name][2]

    def _stat(self, path, real):
        """The size of the file that is there, or None."""
        try:
            stat = os.stat(real)
        except OSError:
            parent = real[: real.rfind("/")]
            while parent and parent != self._ota.mounts[path[: path.find("/")]]:
                if exists(parent):
                    if not os.stat(parent)[0] & 0x4000:
                        raise OTAError("path_conflict", path)
                    break
                parent = parent[: parent.rfind("/")]
            return None
        if stat[0] & 0x4000:
            raise OTAError("path_conflict", path)
        return stat[6]

    def _count(self, name, size, old):
        block = self._systems[name][0]
        blocks = self.summary.blocks[name]
        new = -(-size // block)
        old = -(-old // block)
        blocks[0] += new
        blocks[1] += old
        blocks[2] = max(blocks[2], new, old)


def read(ota):
    """Fetches the manifest, and leaves its plan as `plan.new`. (summary, where its lists start, file systems by mount,
    the device's version)."""
    manifest = ota.home + "/manifest"
    systems = {}
    for name in ota.mounts:
        if ota.is_mounted(name):
            root = ota.mounts[name]
            systems[name] = file_system(root) + (ota.copies(root),)
    ota.reserve = {}
    own = own_version(ota)
    fetch_manifest(ota, request_for(ota, own), manifest)
    with open(manifest, "rb") as source, open(ota.home + "/plan" + NEW, "w") as target:
        planner = Planner(ota, target, systems)
        summary = planner.convert(source)
    remove(manifest)
    return summary, planner.sections, systems, own


def own_version(ota):
    """P4: a device that names no version gets a full install."""
    try:
        return check_version(ota.version or "")
    except OTAError:
        return None


def request_for(ota, own):
    parameters = [("current_ver", own), ("firmware_ver", ota.firmware_version), ("format", "2")]
    # V3 leaves one character that a query gives another meaning.
    query = ["%s=%s" % (name, value.replace("+", "%2B")) for name, value in parameters if value]
    return "manifest.json?" + "&".join(query)
