"""The keys that the device has (T3): `waybill/keys` as it was delivered, then two records that are written in turn.

The first keys that a device takes go into both records: so a record that is alone, beside nothing that was delivered,
and not whole, is what a power cut has left of that, and no keys."""

from airwaybill_boot.files import read_record, remove, stat, write_record
from OTA import OTAError

SLOTS = ("/keys0", "/keys1")


def load(ota, head):
    """Sets `ota.keys` on a device that has keys, or once had some: that they are damaged, or gone, is an error (T6).
    `head` is that of its record. Whether there are keys."""
    ota.keys = None
    ota.numbers = head and head.get("signed")
    there = [name for name in SLOTS + ("/keys",) if stat(ota.home + name)]
    for name in there:
        keys = whole(ota.home + name, name in SLOTS)
        if keys and (not ota.keys or keys["keys"] > ota.keys["keys"]):
            ota.keys = keys
    is_alone = len(there) == 1 and there[0] in SLOTS
    if not ota.keys:
        if is_alone and not (ota.signed or ota.numbers or stat(ota.home + "/signed")):
            return False
        raise OTAError("keys_lost", "no whole document of keys in %s" % ota.home)
    if is_alone:
        write(ota, SLOTS[there[0] == SLOTS[0]], ota.keys["document"], ota.keys["since"])
    tidy(ota)
    return True


def whole(path, is_record):
    """The keys, or None if they are damaged. `since` is the number of those that last left one out."""
    from airwaybill.keys import read

    record = read_record(path) if is_record else {"since": 0}
    if not record:
        return None
    if not is_record:
        with open(path, "rb") as file:
            record["document"] = file.read()
    try:
        keys = read(record["document"])
    except OTAError:
        return None
    keys["since"] = record["since"]
    keys["document"] = record["document"]
    return keys


def store(ota, document, keys):
    """Makes these the device's: where a release key is left out, the sequences that it has confirmed count no more."""
    left_out = not set(ota.keys["release"]) <= set(keys["release"])
    keys["since"] = keys["keys"] if left_out else ota.keys["since"]
    write(ota, SLOTS[keys["keys"] % 2], str(document, "utf-8"), keys["since"])
    ota.keys = keys
    tidy(ota)


def write(ota, name, document, since):
    write_record(ota.home + name, {"document": document, "since": since})


def tidy(ota):
    """Once there are two records, what was delivered is no longer needed."""
    if all([stat(ota.home + name) for name in SLOTS]):
        remove(ota.home + "/keys")


def take(ota, path):
    """Whether the keys in this file are the device's from now on: not if it has some."""
    from airwaybill import record
    from airwaybill import begin
    from airwaybill.keys import read

    if begin.waiting(ota):
        raise OTAError("unfinished", "the last change is not confirmed")
    head = record.read_head(ota, ota.version)
    if begin.keys(ota, head) and load(ota, head):
        return False
    with open(path, "rb") as file:
        document = file.read()
    read(document)
    try:
        for name in SLOTS:
            write(ota, name, str(document, "utf-8"), 0)
    except OSError:  # the file system is full
        for name in SLOTS:
            remove(ota.home + name)
        raise
    return True
