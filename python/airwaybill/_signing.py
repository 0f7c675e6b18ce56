"""Signed releases on disk: waybills, keys and signatures beside the releases, and ``ssh-keygen``, which signs."""

from __future__ import annotations

import calendar
import math
import os
import subprocess
import time
from typing import TYPE_CHECKING, NamedTuple

from ._core import Keys, Notice, PublicKey, Signature, is_document, signature_names
from ._error import AirwaybillError
from ._files import write
from ._host import shown
from ._terminal import complain

if TYPE_CHECKING:
    from collections.abc import Callable

    from ._core import Catalog, Listing, SigningStatus

NAMESPACE = "waybill@airwaybill"
KEYS = "keys"
DRAFT = ".draft"
# More than the longest document that is read (rule T8b).
READ_LIMIT = 512 * 1024 + 1


def warn(message: str) -> None:
    complain(f"warning: {message}")


def documents(root: str, tell: Callable[[str], object] = warn) -> dict[str, bytes]:
    """The waybills, keys and signatures below ``root``, by name: ``1.0.1.waybill``, ``keys/1.waybill``.

    One that cannot be read, or that a server would not send because it is a link out of ``root``, is as good as
    missing: ``tell`` gets to know why.
    """
    found = {}
    for prefix in ("", f"{KEYS}/"):
        try:
            names = sorted(os.listdir(os.path.join(root, prefix)))
        except (FileNotFoundError, NotADirectoryError):
            continue
        except OSError as error:
            tell(f"{prefix or root}: {error.strerror}; nothing in it is read")
            continue
        for name in filter(_is_document, (prefix + name for name in names)):
            path = os.path.join(root, name)
            if not os.path.isfile(path):
                continue
            if not _is_inside(root, path):
                tell(f"{shown(name)}: a link to what is not sent; it is as good as missing")
                continue
            try:
                with open(path, "rb") as file:
                    found[name] = file.read(READ_LIMIT)
            except OSError as error:
                tell(f"{shown(name)}: {error.strerror}; it is as good as missing")
    return found


def has_keys(found: dict[str, bytes]) -> bool:
    return any(name.startswith(f"{KEYS}/") for name in found)


def _is_document(name: str) -> bool:
    return is_document(os.fsencode(name))


def _is_inside(root: str, path: str) -> bool:
    """Whether a path, links followed, is below ``root`` and in nothing hidden, as the server has it."""
    try:
        inside = os.path.relpath(os.path.realpath(path), os.path.realpath(root))
    except ValueError:
        # Another drive.
        return False
    return not any(segment.startswith(".") for segment in inside.split(os.sep))


def now() -> str:
    """The time, as documents have it."""
    return text_of(time.time())


class Judged(NamedTuple):
    """Which releases and images are signed, and why the others are not to be offered, at a time.

    ``problem`` is why there are no keys that hold, if there are none.
    """

    at: str
    signed: tuple[SigningStatus, ...]
    unsigned: tuple[Notice, ...]
    problem: Notice | None = None

    def holds(self, at: str) -> bool:
        """Whether nothing expired from then to ``at``, or the other way round."""
        return not any(one.expires and (one.expires <= self.at) != (one.expires <= at) for one in self.signed)

    def seconds_left(self, now: float) -> float:
        """Until the next one expires."""
        expiries = [seconds_of(one.expires) for one in self.signed if one.expires]
        return min((expiry - now for expiry in expiries if expiry > now), default=math.inf)


def judge(catalog: Catalog, listing: Listing, found: dict[str, bytes], keys: Keys, at: str) -> Judged:
    """Whether each release and image counts for devices that have ``keys``. Raises what `Catalog.signed` does."""
    signed = tuple(catalog.signed(keys, listing, found, at))
    return Judged(at, signed, tuple(one.held_back for one in signed if one.held_back is not None))


def judge_to_serve(catalog: Catalog, listing: Listing, found: dict[str, bytes], at: str) -> Judged:
    """The same for devices that have the newest keys; without keys that hold, nothing counts."""
    try:
        return judge(catalog, listing, found, Keys.newest(found), at)
    except AirwaybillError as error:
        names = [*(release.version for release in catalog.releases), *(image.path for image in catalog.firmware)]
        unsigned = tuple(Notice(name, error.code, str(error)) for name in names)
        return Judged(at, (), unsigned, Notice(KEYS, error.code, str(error)))


def seconds_of(text: str) -> int:
    """Of a time as documents have it, in seconds since 1970."""
    return calendar.timegm(time.strptime(text, "%Y-%m-%dT%H:%M:%SZ"))


def text_of(at: float) -> str:
    """A time in seconds since 1970, as documents have it."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(at))


def public_key(path: str) -> PublicKey:
    """The key in a ``.pub`` file; of a private key, that in the file beside it."""
    beside = path if path.endswith(".pub") else f"{path}.pub"
    try:
        with open(beside, encoding="utf-8") as file:
            text = file.read()
    except (OSError, UnicodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "not UTF-8"
        message = f"{beside}: {why}; expected the public key beside the private one"
        raise AirwaybillError("key_unread", message) from None
    if "PRIVATE KEY" in text:
        raise AirwaybillError("key_invalid", f"{beside}: a private key; only public ones belong in keys")
    try:
        return PublicKey(text.rstrip())
    except AirwaybillError as error:
        raise AirwaybillError(error.code, f"{beside}: {error}") from None


def sign(document: bytes, key: str) -> bytes:
    """The signature that ``ssh-keygen`` makes. A passphrase is its affair, and its exit code is not believed."""
    command = ["ssh-keygen", "-q", "-Y", "sign", "-f", key, "-n", NAMESPACE, "-O", "hashalg=sha256"]
    try:
        done = subprocess.run(command, input=document, capture_output=True, check=False)
    except FileNotFoundError:
        raise AirwaybillError("signer_missing", "ssh-keygen is not installed; it is part of OpenSSH") from None
    said = " ".join(done.stderr.decode(errors="replace").split())
    if not done.stdout:
        why = said or "it gave no reason"
        raise AirwaybillError("signer_failed", f"ssh-keygen made no signature with {shown(key)}: {why}")
    signature = Signature.parse(done.stdout)
    wanted = public_key(key)
    if signature.key.fingerprint != wanted.fingerprint:
        raise AirwaybillError("signer_failed", f"ssh-keygen signed with {signature.key.fingerprint}, not with {wanted}")
    return done.stdout


class Signing(NamedTuple):
    """A document with signatures over its bytes."""

    name: str
    document: bytes
    signatures: tuple[bytes, ...]

    @classmethod
    def of(cls, found: dict[str, bytes], name: str, document: bytes, signers: frozenset[str]) -> Signing:
        """With the signatures that are there already, of keys with these fingerprints."""
        files = (found[file] for file in signature_names(name) if file in found)
        return cls(name, document, tuple(data for data in files if signer(data, document) in signers))

    def signed_by(self, key: str) -> Signing:
        """With the signature of a key, in place of an earlier one of the same key."""
        data = sign(self.document, key)
        own = signer(data, self.document)
        if own is None:
            raise AirwaybillError("signer_failed", f"ssh-keygen signed other bytes than those of {self.name}")
        others = tuple(other for other in self.signatures if signer(other, self.document) != own)
        if len(others) == len(signature_names(self.name)):
            raise AirwaybillError("signatures_too_many", f"{self.name}: it has {len(others)} signatures already")
        return self._replace(signatures=(*others, data))

    def write(self, root: str, found: dict[str, bytes]) -> None:
        """Writes all of it, the document last, without signatures of what was there before."""
        names = signature_names(self.name)
        for file, data in zip(names, self.signatures):
            write(os.path.join(root, file), data)
        if found.get(self.name) != self.document:
            write(os.path.join(root, self.name), self.document)
        for file in names[len(self.signatures) :]:
            if file in found:
                os.remove(os.path.join(root, file))


def signer(signature: bytes, document: bytes) -> str | None:
    """The fingerprint of the key whose signature it is over a document; None if it is none."""
    try:
        parsed = Signature.parse(signature)
    except AirwaybillError:
        return None
    return parsed.key.fingerprint if parsed.verifies(document) else None


def fingerprints(keys: Keys, role: str) -> frozenset[str]:
    """Those of the keys of a role, ``root`` or ``release``."""
    return frozenset(PublicKey(line).fingerprint for line in keys.to_dict()[role]["keys"])


class Draft(NamedTuple):
    """Keys that not all have signed yet who must: devices would refuse them, so they have another name until then."""

    keys: Keys
    after: Keys
    signing: Signing

    @classmethod
    def of(cls, found: dict[str, bytes]) -> Draft:
        """The one in a directory. Raises `AirwaybillError` with code ``keys_missing`` if there is none."""
        keys = Keys.newest(found)
        name = f"{KEYS}/{keys.to_dict()['number'] + 1}.waybill{DRAFT}"
        if name not in found:
            raise AirwaybillError("keys_missing", f"there is no {name}; airwaybill keys rotate makes it")
        after = Keys.parse(found[name])
        signers = fingerprints(keys, "root") | fingerprints(after, "root")
        return cls(keys, after, Signing.of(found, name, found[name], signers))

    def lacks(self) -> str:
        """Whose signatures it lacks; nothing if it is complete."""
        return "; ".join(filter(None, map(self._lacking, (self.keys, self.after))))

    def _lacking(self, keys: Keys) -> str | None:
        values = keys.to_dict()
        signers = {signer(data, self.signing.document) for data in self.signing.signatures}
        root = [PublicKey(line) for line in values["root"]["keys"]]
        others = [key for key in root if key.fingerprint not in signers]
        missing = values["root"]["threshold"] - (len(root) - len(others))
        who = ", ".join(map(named, others))
        return f"{missing} of the root keys of keys {values['number']} ({who})" if missing > 0 else None

    def finish(self, root: str, found: dict[str, bytes]) -> str:
        """Gives it its name, which it returns, once it is complete: the engine decides."""
        name = self.signing.name.removesuffix(DRAFT)
        files = dict(zip(signature_names(name), self.signing.signatures))
        self.keys.next(self.signing.document, files)
        self.signing._replace(name=name).write(root, found)
        for left in (self.signing.name, *signature_names(self.signing.name)):
            if left in found:
                os.remove(os.path.join(root, left))
        return name


def named(key: PublicKey) -> str:
    """A key for people: its comment, or else its fingerprint."""
    return key.comment or key.fingerprint
