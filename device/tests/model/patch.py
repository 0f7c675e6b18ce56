"""Patches, not small ones: the common length as differences, the rest as it is, in a zlib stream of stored blocks."""

MODULO = 65521
STORED = 65535  # bytes a block


def make(old, new):
    """`old` is None for a new file."""
    if not new:
        return pack(b"\0\0")
    count = min(len(old or b""), len(new))
    differs = bytes([(new[at] - old[at]) & 0xFF for at in range(count)])
    head = b"\0" + number(len(new)) + b"\0"
    return pack(head + number(count) + differs + number(len(new) - count) + new[count:] + b"\0")


def number(value):
    out = bytearray()
    byte, value = value & 0x3F, value >> 6
    while value:
        out.append(byte | 0x80)
        byte, value = value & 0x7F, value >> 7
    out.append(byte)
    return bytes(out)


def pack(data):
    out = bytearray(b"\x28\x15")
    for at in range(0, len(data), STORED):
        block = data[at : at + STORED]
        size = len(block).to_bytes(2, "little")
        out += bytes([at + STORED >= len(data)]) + size + bytes([byte ^ 0xFF for byte in size]) + block
    low, high = 1, 0
    for byte in data:
        low += byte
        high += low
    return bytes(out) + (high % MODULO << 16 | low % MODULO).to_bytes(4, "big")
