"""OpenSSH's keys and signatures (T2): `ssh-keygen -Y sign -n waybill@airwaybill -O hashalg=sha256`."""

from micropython import const

from airwaybill_boot import binascii
from airwaybill.names import has_control
from OTA import OTAError

_BYTES = const(1024)
_COMMENT_BYTES = const(64)
_LINE = const(70)
TYPE = b"ssh-ed25519"
ARMOR = b"-----BEGIN SSH SIGNATURE-----\n%s-----END SSH SIGNATURE-----\n"
BLANKS = " \xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000"


def parse(file):
    """(key, signature) of a file that is exactly what ssh-keygen writes."""
    if len(file) > _BYTES:
        raise OTAError("signature_too_long", "%d bytes" % len(file))
    blob = decode(file[30:-28])
    text = binascii.b2a_base64(blob)[:-1]
    lines = [text[at : at + _LINE] + b"\n" for at in range(0, len(text), _LINE)]
    found = fields(blob[10:], 5)
    if file != ARMOR % b"".join(lines) or blob[:10] != b"SSHSIG\0\0\0\1" or not found:
        raise OTAError("signature_form", "CRLF" if b"\r" in file else "")
    blob, namespace, reserved, hashed, inner, rest = found
    key = typed(blob, 32)
    if namespace != b"waybill@airwaybill":
        raise OTAError("signature_namespace", str(namespace))
    if hashed != b"sha256":
        raise OTAError("signature_hash", str(hashed))
    signature = typed(inner, 64)
    if not key or not signature or reserved or rest:
        raise OTAError("signature_form")
    return key, signature


def public_key(text):
    """The 32 bytes of the key in a line of a .pub file."""
    words = text.split(" ", 2)
    key = None
    if len(words) > 1:
        check_type(words[0].encode())
        blob = decode(words[1])
        key = typed(blob, 32)
        if binascii.b2a_base64(blob)[:-1] != words[1].encode():
            key = None
    if len(words) > 2:
        comment = words[2]
        data = comment.encode()
        if not 0 < len(data) <= _COMMENT_BYTES or comment[0] in BLANKS or comment[-1] in BLANKS or has_control(data):
            key = None
    if not key:
        raise OTAError("key_invalid", text)
    return key


def decode(text):
    try:
        return binascii.a2b_base64(text)
    except ValueError:
        return b""


def check_type(kind):
    if kind != TYPE:
        raise OTAError("key_type", "%s: only ssh-ed25519 is taken" % kind)


def typed(blob, size):
    """What a blob has after its type, if it is of that size, else None."""
    found = fields(blob, 1)
    if found:
        check_type(found[0])
        found = fields(blob, 2)
    return found[1] if found and len(found[1]) == size and not found[2] else None


def fields(data, count):
    """`count` strings of RFC 4251, each its length and its bytes, and what follows them; None if there are fewer."""
    found = []
    for _ in range(count):
        end = 4 + int.from_bytes(data[:4], "big")
        if end > len(data):
            return None
        found.append(data[4:end])
        data = data[end:]
    return found + [data]
