"""The keys that the device has (T3): `waybill/keys` as it was delivered, then two records that are written in turn."""

from airwaybill_boot.files import read_record, remove, stat, write_record
from OTA import OTAError

SLOTS = ("/keys0", "/keys1")


def load(ota, head):
    """Sets `ota.keys` on a device that has keys, or once had some: that they are damaged, or gone, is an error (T6).
    `head` is that of its record."""
    ota.keys = None
    ota.numbers = head and head.get("signed")
    for name in SLOTS + ("/keys",):
        path = ota.home + name
        if stat(path):
            keys = whole(path, name in SLOTS)
            if keys and (not ota.keys or keys["keys"] > ota.keys["keys"]):
                ota.keys = keys
    if not ota.keys:
        raise OTAError("keys_lost", "no whole document of keys in %s" % ota.home)
    tidy(ota)


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
    keys["is_record"] = is_record
    return keys


def store(ota, document, keys):
    """Makes these the device's: where a release key is left out, the sequences that it has confirmed count no more."""
    old = ota.keys
    keys["since"] = old["since"] if old else 0
    if old and not set(old["release"]) <= set(keys["release"]):
        keys["since"] = keys["keys"]
    record = {"document": str(document, "utf-8"), "since": keys["since"]}
    write_record(ota.home + SLOTS[keys["keys"] % 2], record)
    keys["is_record"] = True
    ota.keys = keys
    tidy(ota)


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
    if begin.keys(ota, record.read_head(ota, ota.version)):
        load(ota, None)
        return False
    ota.keys = None
    with open(path, "rb") as file:
        document = file.read()
    store(ota, document, read(document))
    return True
