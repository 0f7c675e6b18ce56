"""Which waybills, keys and signatures of a directory count: those that a server sends, and that can be read."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from conftest import Call
from content import write
from signing_support import new_keys

from airwaybill import _signing

DOCUMENTS = {
    "1.0.0.waybill": b"a waybill\n",
    "1.0.0.waybill.sig": b"a signature\n",
    "1.0.0.waybill.2.sig": b"another\n",
    "keys/1.waybill": b"keys\n",
    "keys/2.waybill.draft": b"the next\n",
    "keys/2.waybill.draft.sig": b"its signature\n",
}
LINK = "a link to what is not sent; it is as good as missing"


@pytest.fixture
def documents(tmp_path: Path) -> Path:
    root = tmp_path / "releases"
    write(root, {**DOCUMENTS, "1.0.0.waybill.draft": b"none\n", "notes.txt": b"", "1.0.0/flash/a.waybill": b""})
    (root / "3.0.0.waybill").mkdir()
    return root


def link(target: str) -> Callable[[Path], object]:
    def change(root: Path) -> None:
        (root / "1.0.1.waybill").symlink_to(target)

    return change


@pytest.mark.parametrize(
    ("change", "found", "told"),
    [
        (lambda root: None, {}, []),
        (link("1.0.0.waybill"), {"1.0.1.waybill": b"a waybill\n"}, []),
        (link("nothing"), {}, []),
        (link("../outside"), {}, [f"'1.0.1.waybill': {LINK}"]),
        (link("/etc/passwd"), {}, [f"'1.0.1.waybill': {LINK}"]),
        (link(".hidden"), {}, [f"'1.0.1.waybill': {LINK}"]),
    ],
    ids=["plain", "inside", "dangling", "outside", "absolute", "hidden"],
)
def test_what_is_sent_counts(
    documents: Path, change: Callable[[Path], object], found: dict[str, bytes], told: list[str]
) -> None:
    write(documents, {"../outside": b"a waybill\n", ".hidden": b"a waybill\n"})
    change(documents)
    said: list[str] = []
    assert (_signing.documents(str(documents), said.append), said) == ({**DOCUMENTS, **found}, told)


@pytest.fixture
def forbid(monkeypatch: pytest.MonkeyPatch) -> Callable[[Path], None]:
    """Also for root, whom the system forbids nothing."""

    def forbid(path: Path) -> None:
        def refuse(at: str, *arguments: object, **options: object) -> object:
            if Path(at) == path:
                raise PermissionError(13, "Permission denied", at)
            return plain(at, *arguments, **options)

        plain: Callable[..., object] = os.listdir if path.is_dir() else open
        monkeypatch.setattr(*((os, "listdir") if path.is_dir() else (_signing, "open")), refuse, raising=False)

    return forbid


@pytest.mark.parametrize(
    ("name", "lost", "told"),
    [
        ("1.0.0.waybill", ["1.0.0.waybill"], "'1.0.0.waybill': Permission denied; it is as good as missing"),
        ("keys", [name for name in DOCUMENTS if "/" in name], "keys/: Permission denied; nothing in it is read"),
    ],
)
def test_what_cannot_be_read_costs_no_more(
    documents: Path, forbid: Callable[[Path], None], name: str, lost: list[str], told: str
) -> None:
    forbid(documents / name)
    said: list[str] = []
    found = _signing.documents(str(documents), said.append)
    assert (sorted(found), said) == (sorted(DOCUMENTS.keys() - set(lost)), [told])


@pytest.mark.parametrize(
    ("command", "code"),
    [(["verify"], 1), (["check"], 0), (["inspect", "--signed-only", "--checked"], 0), (["plan"], 0), (["sign"], 0)],
    ids=lambda value: value[0] if isinstance(value, list) else "",
)
def test_the_commands_say_so_once_and_go_on(
    root: Path, tmp_path: Path, call: Call, forbid: Callable[[Path], None], command: list[str], code: int
) -> None:
    keys = tmp_path / "keys"
    new_keys(root, keys)
    assert call("sign", root, "1.0.0", "1.0.1", "--key", keys / "office").code == 0
    forbid(root / "1.0.0.waybill.sig")
    name, *options = command
    arguments = ["1.0.1", "--key", str(keys / "office")] if name == "sign" else options
    outcome = call(name, root, *arguments)
    said = "airwaybill: warning: '1.0.0.waybill.sig': Permission denied; it is as good as missing\n"
    assert (outcome.code, outcome.err.count(said)) == (code, 1)
