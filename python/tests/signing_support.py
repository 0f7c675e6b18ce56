"""Keys of OpenSSH that are made for a test, and a directory that is signed with them."""

from __future__ import annotations

import subprocess
from pathlib import Path

from airwaybill.cli import run


def make_key(folder: Path, name: str, passphrase: str = "") -> Path:
    """An Ed25519 key with its name as its comment."""
    folder.mkdir(exist_ok=True)
    keygen("-t", "ed25519", "-N", passphrase, "-C", name, "-f", folder / name)
    return folder / name


def keygen(*arguments: object, stdin: bytes = b"") -> bytes:
    command = ["ssh-keygen", "-q", *map(str, arguments)]
    return subprocess.run(command, input=stdin, stdout=subprocess.PIPE, check=True).stdout


def new_keys(root: Path, keys: Path) -> None:
    """The first keys of a product: ``root`` and ``office``."""
    made = [make_key(keys, name) for name in ("root", "office")]
    options = ["--root", f"{made[0]}.pub", "--release", f"{made[1]}.pub"]
    assert run(["keys", "new", str(root), "--product", "smart-meter", *options]) == 0
