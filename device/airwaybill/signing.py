"""That an update is signed (T3 to T7): its keys, its waybills. The parts that do it are loaded one after the other."""

from micropython import const

from airwaybill_boot import binascii, hashlib
from airwaybill_boot.files import Writing, remove, stat
from airwaybill.lists import quote
from airwaybill.update import once, steps
from OTA import OTAError

_SIGNATURES = const(8)
_SIGNATURE_BYTES = const(1024)
_KEYS_BYTES = const(4096)  # more than 16 keys take
_WAYBILL_BYTES = const(512 * 1024)


def begin(ota):
    """A generator: takes the keys that the server has, one document after the other."""
    while True:
        request = "keys/%d.waybill" % (ota.keys["keys"] + 1)
        document = yield from steps("obtain", "document", ota, request, _KEYS_BYTES)
        if document is None:
            return
        new = once("keys", "read", document)
        needed = [(keys["root"], keys["threshold root"]) for keys in (ota.keys, new)]
        signed, _ = yield from signers(ota, request, hashlib.sha256(document).digest(), needed, "keys_unsigned")
        once("keys", "check_next", ota.keys, new, signed)
        once("keyring", "store", ota, document, new)


def files(ota, found, own):
    """A generator: the waybill of the release, to `waybill/fetch.signed`. Firmware alone needs that of its image
    alone."""
    if found.version == own and not (found.whole or stat(ota.home + "/fetch.raw")[6]):
        return
    path = ota.home + "/fetch.signed"
    signatures, found.needs = yield from waybill(ota, quote(found.version), found.version, path)
    with Writing(ota.home + "/fetch.signatures", "wb") as file:
        for signature in signatures:
            file.write(signature)
    ota.waybill = path
    once("known", "leave_out", ota, found)
    if own not in (None, found.version) and not found.head:
        yield from before(ota, own)


def before(ota, version):
    """A generator: the waybill of the release that the device has, to `waybill/fetch.before`, in place of the record
    that it has not. One that is not there, or does not count, is none; that it is too old by now does not matter."""
    path = ota.home + "/fetch.before"
    try:
        _, why, _ = yield from checked(ota, quote(version), version, path)
    except OTAError as error:
        if error.code not in ("unsigned", "document_too_long"):
            raise
        return
    if not [error for error in why if error.code != "sequence_low"]:
        ota.before = path


def image(ota, found):
    """A generator: what the image is to be, by its waybill."""
    request = found.firmware[2]
    path = ota.home + "/fetch.image"
    yield from waybill(ota, request, once("firmware", "unquote", request.split("/")[-1]), path)
    _, _, size, digest = next(once("signed", "entries", path))
    remove(path)
    ota.image = None
    found.firmware = size, digest, request


def waybill(ota, request, name, path):
    """A generator: fetches a waybill. What signed it, and what firmware it needs; an OTAError if it does not count."""
    if ota.numbers is None:
        ota.numbers = once("proof", "numbers", ota)
    files, why, waybill = yield from checked(ota, request, name, path, ota.now, least(ota))
    if why:
        raise why[0]
    note(ota, waybill.kind, waybill.sequence, waybill.version)
    return files, waybill.needs_firmware


def checked(ota, request, name, path, now=None, least=None):
    """A generator: fetches a waybill that is signed. What signed it, why it does not count, and what it is."""
    request += ".waybill"
    first = yield from steps("obtain", "document", ota, request + ".sig", _SIGNATURE_BYTES)
    digest = first and (yield from steps("obtain", "document", ota, request, _WAYBILL_BYTES, path))
    if not digest:
        raise OTAError("unsigned", "the server has no %s, or no signature of it" % request)
    keys = ota.keys
    needed = [(keys["release"], keys["threshold release"])]
    signed, files = yield from signers(ota, request, binascii.unhexlify(digest), needed, "unsigned", first)
    why, waybill = once("waybill", "reasons", path, keys, signed, name + ".waybill", now, least)
    return files, why, waybill


def signers(ota, request, digest, needed, code, file=None):
    """A generator: the keys that signed, and the signatures; not more than are needed. `needed`: pairs of keys, and how
    many of these. `code`: of the error if there are fewer. `file`: the first signature, if it is here."""
    signed, tried = [], []
    files = []
    problem = "too few signatures"
    number = 0
    while True:
        missing = [keys for keys, least in needed if len([1 for key in signed if key in keys]) < least]
        if not missing:
            return signed, files
        number += 1
        if number > _SIGNATURES:
            break
        name = "%s.%ssig" % (request, "" if number == 1 else "%d." % number)
        if not file:
            file = yield from steps("obtain", "document", ota, name, _SIGNATURE_BYTES)
        if file is None:
            break
        wanted = {key for keys in missing for key in keys if key not in signed}
        found, skipped = once("signers", "signers", digest, [(name, file)], wanted, tried)
        signed += found
        if found:
            files.append(file)
        for _, error in skipped:
            problem = str(error)
        file = None
    raise OTAError(code, "%s: %s" % (request, problem))


def numbers(ota):
    """The highest sequences that the device has confirmed, by kind; none before keys that left one out."""
    held = ota.numbers
    return held if held and held["keys"] >= ota.keys["since"] else {}


def least(ota):
    return {} if ota.allow_downgrade else numbers(ota)


def note(ota, kind, sequence, version):
    """What they are once this is confirmed."""
    new = {"keys": ota.keys["keys"]}
    for other in ("release", "firmware"):
        new[other] = numbers(ota).get(other)
    if not new[kind] or new[kind][0] <= sequence:
        new[kind] = [sequence, version]
    ota.numbers = new
