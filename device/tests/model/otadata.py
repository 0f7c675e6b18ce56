"""ESP-IDF's `otadata`: two entries in two sectors that say which app partition boots. As in esp_ota_ops.c and
bootloader_utility.c; the layout is held against PyPI's esp-idf-defs in test_loader.py."""

import binascii
import struct

SECTOR = 4096
ENTRY = "<I20sII"  # ota_seq, seq_label, ota_state, crc
EMPTY = 0xFFFFFFFF
NEW, PENDING_VERIFY, VALID, INVALID, ABORTED = range(5)
UNDEFINED = 0xFFFFFFFF


def crc(seq):
    """As the boot loader's ROM computes it, over ota_seq alone."""
    return binascii.crc32(struct.pack("<I", seq), 0xFFFFFFFF)


def pack(seq, state):
    return struct.pack(ENTRY, seq, b"\xff" * 20, state, crc(seq))


def unpack(data):
    """(ota_seq, ota_state, whether the crc holds)."""
    seq, _, state, check = struct.unpack(ENTRY, data[: struct.calcsize(ENTRY)])
    return seq, state, check == crc(seq)


def is_invalid(entry):
    return entry[0] == EMPTY or entry[1] in (INVALID, ABORTED)


def active(entries):
    """The number of the entry that counts, or None: the higher ota_seq of those that are valid."""
    valid = [number for number in (0, 1) if not is_invalid(entries[number]) and entries[number][2]]
    if len(valid) == 2:
        return 0 if entries[0][0] >= entries[1][0] else 1
    return valid[0] if valid else None


def slot(entries, count):
    """The app partition that boots, where there is no factory partition."""
    number = active(entries)
    return 0 if number is None else (entries[number][0] - 1) % count


def successor(entries, target, count):
    """(sector, ota_seq) that make the app partition `target` boot."""
    number = active(entries)
    if number is None:
        return 0, target + 1
    seq = (target + 1) % count
    while entries[number][0] > seq:
        seq += count
    return 1 - number, seq
