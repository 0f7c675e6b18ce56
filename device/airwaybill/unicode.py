"""What is not ASCII in a manifest, and what is escaped. Loaded only when something is."""

HEX = b"0123456789abcdef"


def is_strict(data):
    """MicroPython's own decoder of UTF-8 takes overlong forms, surrogates and what is above U+10FFFF."""
    for lead in (b"\xc0", b"\xc1", b"\xf5", b"\xf6", b"\xf7"):
        if lead in data:
            return False
    for lead, low, high in ((b"\xe0", 0, 0x9F), (b"\xed", 0xA0, 0xFF), (b"\xf0", 0, 0x8F), (b"\xf4", 0x90, 0xFF)):
        if follows(data, lead, low, high):
            return False
    return True


def follows(data, lead, low, high):
    """Whether a byte from `low` to `high` comes after `lead` anywhere."""
    at = data.find(lead)
    while at >= 0:
        if low <= data[at + 1] <= high:
            return True
        at = data.find(lead, at + 2)
    return False


def is_escape(escape):
    """Whether these five bytes can stand after a backslash."""
    return escape[0] in b'"\\/bfnrt' or (escape[0] == 0x75 and not escape[1:].lower().strip(HEX))


def join_surrogates(data):
    """MicroPython makes two characters of the two escapes of one above U+FFFF."""
    at = data.find(b"\xed")
    while at >= 0:
        high = data[at : at + 6]
        if len(high) == 6 and 0xA0 <= high[1] < 0xB0 and high[3] == 0xED and high[4] >= 0xB0:
            code = 0x10000 + ((high[1] & 15) << 16) + ((high[2] & 63) << 10) + ((high[4] & 15) << 6) + (high[5] & 63)
            data = data[:at] + chr(code).encode() + data[at + 6 :]
        at = data.find(b"\xed", at + 3)
    return data
