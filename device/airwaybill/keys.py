"""Who may sign (T3)."""

from micropython import const

from airwaybill_boot import built_in
from airwaybill.documents import Lines
from airwaybill.sshsig import public_key
from OTA import OTAError

_KEYS = const(16)
FLOORS = ("floor release", "floor firmware")


def read(document):
    """A document, bytes, as a dict: `product`, `keys` and what else stands before a number, as `threshold root`; `root`
    and `release` have by key, 32 bytes, what its line says."""
    roles = {"root": {}, "release": {}}
    lines = Lines(built_in("io", "uio").BytesIO(document))
    found = {"product": lines.product(), "keys": lines.sequence("keys", 1)}
    for name in ("threshold root", "threshold release") + FLOORS:
        found[name] = lines.sequence(name, 0)
    while True:
        line = lines.next()
        if line is None:
            break
        role, _, text = line.partition(" ")
        if role not in roles or (role == "root" and roles["release"]):
            raise lines.error("document_line")
        key = public_key(text)
        if key in roles[role]:
            raise lines.error("key_duplicate")
        roles[role][key] = text
        if sum([len(roles[role]) for role in roles]) > _KEYS:
            raise lines.error("keys_too_many")
    for role in roles:
        if not 0 < found["threshold " + role] <= len(roles[role]):
            raise OTAError("keys_threshold", role)
    found.update(roles)
    return found


def check_next(old, new, signers):
    """That the keys `new` may follow `old`: `signers` has those of both's root keys that signed them."""
    if new["keys"] != old["keys"] + 1:
        raise OTAError("keys_skipped", "%d after %d" % (new["keys"], old["keys"]))
    if new["product"] != old["product"]:
        raise OTAError("keys_product", "%s, not %s" % (new["product"], old["product"]))
    for name in FLOORS:
        if new[name] < old[name]:
            raise OTAError("keys_floor", "%s %d, not %d" % (name, new[name], old[name]))
    for keys in (old, new):
        count = len([1 for key in signers if key in keys["root"]])
        if count < keys["threshold root"]:
            raise OTAError(
                "keys_unsigned", "%d of %d root keys of keys %d" % (count, keys["threshold root"], keys["keys"])
            )
