"""Signed documents, as `airwaybill` and `ssh-keygen` write them, by keys that are made for a test."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

PRODUCT = "smart-meter"
NAMESPACE = b"waybill@airwaybill"
EXPIRES = "2027-11-27T00:00:00Z"


def string(data: bytes) -> bytes:
    return len(data).to_bytes(4, "big") + data


class Signer:
    def __init__(self, name: str) -> None:
        self.private = Ed25519PrivateKey.from_private_bytes(hashlib.sha256(name.encode()).digest())
        public = self.private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
        self.blob = string(b"ssh-ed25519") + string(public)
        self.line = f"ssh-ed25519 {base64.b64encode(self.blob).decode()} {name}"

    def sign(self, document: bytes, namespace: bytes = NAMESPACE) -> bytes:
        """The signature's file."""
        digest = hashlib.sha256(document).digest()
        signature = self.private.sign(b"SSHSIG" + b"".join(map(string, (namespace, b"", b"sha256", digest))))
        inner = string(b"ssh-ed25519") + string(signature)
        fields = (self.blob, namespace, b"", b"sha256", inner)
        text = base64.b64encode(b"SSHSIG\0\0\0\1" + b"".join(map(string, fields)))
        lines = [text[at : at + 70] + b"\n" for at in range(0, len(text), 70)]
        return b"-----BEGIN SSH SIGNATURE-----\n" + b"".join(lines) + b"-----END SSH SIGNATURE-----\n"


ROOT_KEY, OFFICE, LAPTOP, STRANGER = map(Signer, ("root", "office", "laptop", "stranger"))


def keys(
    number: int = 1,
    root: Sequence[Signer] = (ROOT_KEY,),
    release: Sequence[Signer] = (OFFICE,),
    thresholds: tuple[int, int] = (1, 1),
    floors: tuple[int, int] = (0, 0),
    product: str = PRODUCT,
) -> bytes:
    head = f"airwaybill 1\nproduct {product}\nkeys {number}\n"
    limits = "threshold root {}\nthreshold release {}\nfloor release {}\nfloor firmware {}\n"
    lines = [f"root {one.line}\n" for one in root] + [f"release {one.line}\n" for one in release]
    return (head + limits.format(*thresholds, *floors) + "".join(lines)).encode()


@dataclass
class Waybill:
    """That of a release, or with `image` of that image, its only file."""

    files: Mapping[str, bytes]
    version: str = "1.0.1"
    sequence: int = 17
    expires: str = EXPIRES
    product: str = PRODUCT
    image: bool = False
    keep: Mapping[str, bytes] | None = None
    needs: str = "-"

    def render(self) -> bytes:
        kind = "firmware" if self.image else "release"
        lines = ["airwaybill 1", f"product {self.product}", f"{kind} {self.version}", f"sequence {self.sequence}"]
        lines += [f"expires {self.expires}", f"needs-firmware {self.needs}"]
        for section, files in (("files", self.files), ("keep", self.keep or {})):
            if files:
                lines.append(f"{section} {len(files)}")
                for path in sorted(files, key=str.encode):
                    lines.append(f"{hashlib.sha256(files[path]).hexdigest()} {len(files[path])} {path}")
        return "".join(line + "\n" for line in lines).encode()


def signed(name: str, document: bytes, *signers: Signer) -> dict[str, bytes]:
    """What a server has of it: `name.waybill`, and a file for each signature."""
    files = {f"/{name}.waybill": document}
    for number, signer in enumerate(signers, 1):
        files[f"/{name}.waybill.{'' if number == 1 else f'{number}.'}sig"] = signer.sign(document)
    return files
