"""Texts that tell whether they are whole: plan, record, and what is left to do on a mount that is away."""

from . import BUFFER, hashlib, json
from .files import hexlify, stat

PLAN = "airwaybill plan 1\n"
SEAL_BYTES = 67  # "= ", the digest, and the end of the line


def open_sealed(path, header):
    # (line of JSON, SHA-256) of a sealed text; False for a damaged one, None where there is none.
    info = stat(path)
    if not info:
        return None
    digest = hashlib.sha256()
    left = info[6] - SEAL_BYTES
    with open(path, "rb") as file:
        if file.readline() != header.encode():
            return False
        head = file.readline()
        file.seek(0)
        while left > 0:
            count = file.readinto(BUFFER[: min(left, len(BUFFER))])
            digest.update(BUFFER[:count])
            left -= count or left
        found = hexlify(digest)
        if file.read(SEAL_BYTES + 1) != b"= %s\n" % found.encode():
            return False
    return json.loads(head), found


class Sealed:
    # A text: a line that says what it is, a line of JSON, lines, and at last the SHA-256 of all before.

    def __init__(self, file):
        self.file = file
        self.digest = hashlib.sha256()

    def write(self, text):
        self.digest.update(text.encode())
        self.file.write(text)

    def seal(self):
        digest = hexlify(self.digest)
        self.file.write("= %s\n" % digest)
        return digest


END = True
