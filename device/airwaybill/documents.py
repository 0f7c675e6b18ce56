"""Signed documents: lines, of which there is one way to write each.

Everything is judged by its bytes: MicroPython's own decoders take more than the engine does.
"""

from micropython import const

from airwaybill.names import DIGITS, utf8
from OTA import OTAError

_BYTES = const(512 * 1024)
_LINE_BYTES = const(4352)  # a digest, a size and the longest path, and more than these
_PART = const(512)
_SEQUENCE = const(0x7FFFFFFF)
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


class Lines:
    def __init__(self, file):
        size = file.seek(0, 2)
        if size > _BYTES:
            raise OTAError("document_too_long", "%d bytes" % size)
        file.seek(0)
        self.file = file
        self.count = 0
        self.line = self.data = b""
        self.at = 0

    def error(self, code):
        return OTAError(code, "line %d: %s" % (self.count, self.line))

    def next(self):
        """The next line, or None after the last one."""
        end = self.data.find(b"\n", self.at)
        while end < 0 and len(self.data) - self.at < _LINE_BYTES:
            part = self.file.read(_PART)
            if not part:
                break
            self.data = self.data[self.at :] + part
            self.at = 0
            end = self.data.find(b"\n")
        self.count += 1
        self.line = line = self.data[self.at : end if end >= 0 else len(self.data)]
        if end < 0 and not line:
            return None
        if end < 0 or line[-1:] == b"\r":
            raise self.error("document_line_end")
        self.at = end + 1
        line = utf8(line)
        if line is None or (self.count == 1 and line[:1] == "\ufeff"):
            raise self.error("document_utf8")
        return line

    def split(self, count):
        """The next line's first words, and then its rest."""
        words = (self.next() or "").split(" ", count - 1)
        if len(words) < count:
            raise self.error("document_line")
        return words

    def value(self, key):
        line = self.next()
        if line is None or not line.startswith(key + " "):
            raise self.error("document_line")
        return line[len(key) + 1 :]

    def number(self, text, most, least=0):
        is_plain = text and len(text) < 17 and not text.strip(DIGITS) and (text[0] != "0" or text == "0")
        return int(self.check(text, is_plain and least <= int(text) <= most))

    def sequence(self, key, least):
        return self.number(self.value(key), _SEQUENCE, least)

    def check(self, value, is_right):
        if not is_right:
            raise self.error("document_value")
        return value

    def product(self):
        """The first two lines of each document."""
        if self.next() != "airwaybill 1":
            raise self.error("document_line")
        name = self.value("product")
        is_plain = 0 < len(name) < 65 and name != "-" and not name.strip(LETTERS + DIGITS + "._-")
        return self.check(name, is_plain)
