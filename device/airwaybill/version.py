"""Which release, and which firmware, the device has: the two lines of `waybill/version`."""

from airwaybill_boot.files import ABSENT, CORRUPT


def line(ota, index):
    try:
        with open(ota.home + "/version") as file:
            lines = file.read().split("\n")
    except ValueError:  # UnicodeError is one
        return None
    except OSError as error:
        if error.args[0] in ABSENT or error.args[0] == CORRUPT:
            return None
        raise
    return lines[index].strip() or None if index < len(lines) else None
