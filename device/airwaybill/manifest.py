"""Reads a manifest (rules M1 to M5 and P3) as a stream, in a heap that does not depend on its length."""

from micropython import const

import airwaybill_boot as base
from airwaybill_boot import json

from airwaybill.names import LETTERS, check_path, check_version, utf8
from OTA import OTAError

_READ_BYTES = const(256)  # at once: with 1,024 the least heap is 4 KB higher, and the time the same
_FLAT_BYTES = const(1024)  # an entry of more than that is read value by value
# Nested deeper, or longer, is no manifest; both limits keep a hostile one out of the heap.
_DEPTH = const(16)
_STRING_BYTES = const(16384)

SCALAR = b"+-.0123456789E" + LETTERS.encode()
_SCALAR_BYTES = const(32)
LITERALS = {"null": None, "true": True, "false": False}


class Json:
    """JSON from a binary stream, value by value, as strict as the grammar.

    Nothing here goes through a text or a number by the byte: `find` and `lstrip` are C.
    """

    def __init__(self, stream):
        self.stream = stream
        self.data = b""
        self._at = 0

    def more(self):
        base.feed()
        count = self.stream.readinto(base.BUFFER[:_READ_BYTES])
        if not count:
            return False
        self.data = self.data[self._at :]  # first, so that what is done with can go
        self.data += base.BUFFER[:count]
        self._at = 0
        return True

    def fail(self, what):
        raise OTAError("json_invalid", what)

    def peek(self):
        """The first character that is no white space; empty at the end."""
        while True:
            piece = self.data[self._at : self._at + 64]
            rest = piece.lstrip(b" \t\r\n")
            self._at += len(piece) - len(rest)
            if rest:
                return chr(rest[0])
            if not piece and not self.more():
                return ""

    def take(self, mark):
        found = self.peek()
        if found != mark:
            self.fail("found %r instead of %r" % (found, mark))
        self._at += 1

    def end(self):
        if self.peek():
            self.fail("text after the manifest")

    def keys(self):
        """The keys of an object. Whoever asks for the next one has read the value."""
        self.take("{")
        if self.peek() == "}":
            self._at += 1
            return
        while True:
            key = self.string()
            self.take(":")
            yield key
            if self.peek() != ",":
                break
            self._at += 1
        self.take("}")

    def items(self):
        """Each item's number in an array. Whoever asks for the next one has read the item."""
        self.take("[")
        if self.peek() == "]":
            self._at += 1
            return
        number = 0
        while True:
            yield number
            number += 1
            if self.peek() != ",":
                break
            self._at += 1
        self.take("]")

    def string(self):
        self.take('"')
        end = self.quote(0)
        slash = self.data.find(b"\\", self._at, self._at + end) - self._at
        escaped = slash >= 0
        while slash >= 0:
            if not unicode().is_escape(self.data[self._at + slash + 1 : self._at + slash + 6]):
                self.fail("an invalid escape")
            if slash + 1 == end:
                end = self.quote(end + 1)
            slash = self.data.find(b"\\", self._at + slash + 2, self._at + end) - self._at
        data = self.data[self._at : self._at + end]
        self._at += end + 1
        if data and min(data) < 0x20:
            self.fail("a control character in a string")
        text = utf8(data)
        if text is not None and escaped:
            text = utf8(unicode().join_surrogates(json.loads('"%s"' % text).encode()))
        if text is None:
            self.fail("a string that is not UTF-8")
        return text

    def quote(self, start):
        end = self.find(b'"', start, _STRING_BYTES)
        if end < 0:
            self.fail("a string that is too long or has no end")
        return end

    def find(self, mark, start, limit):
        """How far away the next `mark` is, `start` bytes or more; -1 if there is none, or only behind `limit` bytes."""
        while True:
            found = self.data.find(mark, self._at + start) - self._at
            if found >= 0:
                return found
            start = len(self.data) - self._at
            if start > limit or not self.more():
                return -1

    def object(self, wanted):
        """The values of an object's `wanted` keys, those that it has. What lies deeper is an empty tuple."""
        found = self._flat_object()
        if found is not None:
            return found
        found = {}
        for key in self.keys():
            if key in found:
                self.fail("duplicate key %s" % key)
            if key == "patch" and self.peek() == "{":
                found[key] = self.object(("URL", "base", "base_size", "hash", "size"))
            elif key in wanted:
                found[key] = self.value()
            else:
                self.skip()
        return found

    def _flat_object(self):
        """The object as json.loads reads it at once, if it holds no array, no escape and one other object at most; else
        None.

        On the way json.loads takes what is no JSON: `{"a" 1}`, a key twice, `01`, a control character. It is whole
        all the same, and its values are checked.
        """
        end = self.find(b"}", 0, _FLAT_BYTES)
        if self.data.count(b"{", self._at, self._at + end) > 1:  # with a patch
            end = self.find(b"}", end + 1, _FLAT_BYTES)
        piece = self.data[self._at : self._at + end + 1]
        if end < 0 or piece.count(b"{") != piece.count(b"}") or b"[" in piece or b"\\" in piece:
            return None
        text = utf8(piece)
        if text is None:
            self.fail("a string that is not UTF-8")
        try:
            found = json.loads(text)
        except ValueError:  # a brace in a string, or an object in this one
            return None
        self._at += end + 1
        return found

    def scalar(self):
        """A number, true, false or null; a number that is not a plain whole one counts as a float."""
        while len(self.data) - self._at <= _SCALAR_BYTES and self.more():
            pass
        piece = self.data[self._at : self._at + _SCALAR_BYTES]
        length = len(piece) - len(piece.lstrip(SCALAR))
        text = str(piece[:length], "ascii")
        self._at += length
        if text in LITERALS:
            return LITERALS[text]
        if text.isdigit() and (text == "0" or text[0] != "0"):
            return int(text)
        digits = text[1:] if text[:1] == "-" else text
        try:
            if digits[0].isdigit() and text[-1].isdigit() and (digits[0] != "0" or not digits[1:2].isdigit()):
                return float(text)
        except (ValueError, IndexError):
            pass
        self.fail("%r is not a value" % text)

    def skip(self, depth=0):
        if depth > _DEPTH:
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
        if mark == "{" or mark == "[":
            self.skip()
            return ()
        return self.string() if mark == '"' else self.scalar()


def unicode():
    from airwaybill import unicode

    return unicode


class Reader:
    """One manifest. `read` yields what it lists; when that has ended, what it says of itself stands here.

    `version`; `previous_version`, None for a device that named none; `full`; `total_size` in bytes, None in format 1;
    `sized`, whether it is of format 2; `null`, whether it is the document `null`: there is nothing to do.
    """

    def __init__(self):
        self.version = None
        self.previous_version = None
        self.full = False
        self.total_size = None
        self.sized = None
        self.null = False
        self.first = None  # the first entry
        self.last = b""  # the path before this one

    def read(self, stream):
        """Yields (field, number, value) in the document's order, all of it checked but for paths in two lists:

        ("delete", number, path),
        ("new", "update" or "keep", number, (path, size or None, sha1, request, patch)),
        ("firmware", 0, (size or None, sha1, request, patch)).

        `request` is what to ask the server for: the URL without its host and the slash after it. `patch` is None, or
        (size, base's SHA-1 or None, sha1, request) and for firmware the base's size.
        """
        source = Json(stream)
        if source.peek() != "{":
            value = source.value()
            source.end()
            if value is not None:
                raise OTAError("field_type", "the manifest is not an object")
            self.null = True
            return
        seen = []
        for key in source.keys():
            if key in seen:
                source.fail("duplicate key %s" % key)
            if key in ("delete", "new", "update", "keep"):
                if source.peek() != "[":
                    source.value()
                    raise OTAError("field_type", key)
                self.last = b""
                for number in source.items():
                    yield key, number, self.item(source, key, number)
            elif key == "firmware":
                yield key, 0, self.target(source, key)[1:]
            elif key in ("version", "previous_version", "full", "total_size"):
                setattr(self, key, self.scalar(source, key))
            else:
                source.skip()
                continue
            seen.append(key)
        source.end()
        for key in ("delete", "new", "previous_version", "update", "version"):
            if key not in seen:
                raise OTAError("field_missing", key)
        if self.sized is None:
            self.sized = "total_size" in seen
        if self.sized != ("total_size" in seen):
            raise OTAError("field_missing", "total_size" if self.sized else self.first + ".size")

    def scalar(self, source, key):
        value = source.value()
        if key == "total_size":
            return _size(value, key)
        if key == "previous_version" and value is None:
            return None
        if not isinstance(value, bool if key == "full" else str):
            raise OTAError("field_type", key)
        return value if key == "full" else check_version(value)

    def item(self, source, key, number):
        field = "%s[%d]" % (key, number)
        if key == "delete":
            path = source.value()
            if not isinstance(path, str):
                raise OTAError("field_type", field)
            item = path = check_path(path)
        else:
            item = self.target(source, field)
            path = item[0]
        data = path.encode()
        if data <= self.last:  # P3
            raise OTAError("path_order", path)
        self.last = data
        return item

    def target(self, source, field):
        """(path, size, sha1, request, patch) of an entry; of firmware, which has none, the path is None."""
        wanted = ("URL", "hash") if field == "firmware" else ("URL", "dst_path", "hash")
        if source.peek() != "{":
            source.value()
            raise OTAError("field_type", field)
        found = source.object(("URL", "dst_path", "hash", "size", "patch"))
        fields(found, field, wanted)
        digest = digest_of(found, field, "hash")
        size = _size(found["size"], field + ".size") if "size" in found else None
        if self.first is None:
            self.first = field
            self.sized = size is not None
        if self.sized != (size is not None) or ("patch" in found and size is None):
            raise OTAError("field_missing", field + ".size")
        path = None
        if "dst_path" in wanted:
            path = found["dst_path"]
            # M5: with or without the leading slash, the same path.
            path = check_path(path[1:] if path[:1] == "/" else path)
        request = _request(found["URL"], field)
        return path, size, digest, request, patch(found["patch"], field) if "patch" in found else None


def patch(found, field):
    is_firmware = field == "firmware"
    field = "%s.%s" % (field, "patch")
    if not isinstance(found, dict):
        raise OTAError("field_type", field)
    base = "base" in found
    fields(found, field, ("URL", "base", "hash") if base else ("URL", "hash"))
    sizes = ("size", "base_size") if is_firmware and base else ("size",)
    for name in sizes:
        if name not in found:
            raise OTAError("field_missing", "%s.%s" % (field, name))
    sizes = [_size(found[name], "%s.%s" % (field, name)) for name in sizes]
    base = digest_of(found, field, "base") if base else None
    return (sizes[0], base, digest_of(found, field, "hash"), _request(found["URL"], field)) + tuple(sizes[1:])


def fields(found, field, names):
    for name in names:
        if name not in found:
            raise OTAError("field_missing", "%s.%s" % (field, name))
        if not isinstance(found[name], str):
            raise OTAError("field_type", "%s.%s" % (field, name))


def digest_of(found, field, name):
    digest = found[name]
    if len(digest) != 40 or digest.strip("0123456789abcdef"):
        raise OTAError("digest_invalid", "%s.%s" % (field, name))
    return digest


def _size(value, field):
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise OTAError("field_type", field)
    if value >= 1 << 53:
        raise OTAError("size_too_big", field)
    return value


def _request(url, field):
    """What to ask the server for. The host in the URL does not count: files come from the server that was set."""
    start = url.find("://")
    slash = url.find("/", start + 3)
    data = url.encode()
    if (
        url[:start] not in ("http", "https")
        or slash <= start + 3
        or slash == len(url) - 1
        or min(data) < 0x21
        or max(data) > 0x7E
    ):
        raise OTAError("url_invalid", field + ".URL")
    return url[slash + 1 :]
