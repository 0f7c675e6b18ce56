"""Signing on the command line, with a real ssh-keygen (rules T1 to T5)."""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from conftest import Call, Outcome
from content import write
from signing_support import keygen, make_key, new_keys

from airwaybill import Waybill

NAMESPACE = "waybill@airwaybill"
# `make openssh` takes a thousand.
DOCUMENTS = int(os.environ.get("DOCUMENTS", "12"))


@pytest.fixture
def keys(tmp_path: Path) -> Path:
    return tmp_path / "keys"


@pytest.fixture
def signed(root: Path, keys: Path, call: Call) -> Path:
    """A directory of two releases, both signed."""
    new_keys(root, keys)
    assert call("sign", root, "1.0.0", "1.0.1", "--key", keys / "office").code == 0
    return root


def by_hand(key: Path, document: bytes, namespace: str = NAMESPACE) -> bytes:
    return keygen("-Y", "sign", "-f", key, "-n", namespace, "-O", "hashalg=sha256", stdin=document)


def names(root: Path) -> list[str]:
    return sorted(path.relative_to(root).as_posix() for path in root.rglob("*") if "waybill" in path.name)


def judged(call: Call, root: Path, *options: object) -> dict[str, str]:
    """Of each release and image in the table of ``verify``, ``yes`` or ``no``."""
    table = call("verify", root, *options).out.split("\n\n")[0]
    return {line.split()[0]: line.split()[-1] for line in table.splitlines()[1:]}


def reasons(outcome: Outcome) -> list[list[str]]:
    return [line.split()[:2] for line in outcome.out.split("\n\n")[1].splitlines()[1:]]


def test_a_directory_is_signed(signed: Path, call: Call) -> None:
    assert names(signed) == [
        "1.0.0.waybill",
        "1.0.0.waybill.sig",
        "1.0.1.waybill",
        "1.0.1.waybill.sig",
        "keys/1.waybill",
    ]
    assert call("verify", signed).out == (
        "signed  sequence  expires  by      valid\n"
        "1.0.0          1           office  yes\n"
        "1.0.1          2           office  yes\n"
        "\n"
        "2 of 2 valid for devices with keys 1\n"
    )


def test_an_image_is_signed_with_its_release_or_alone(root: Path, keys: Path, call: Call) -> None:
    write(root, {"firmware_1.0.1.bin": b"image", "firmware_1.0.2.bin": b"other"})
    new_keys(root, keys)
    for version in ("1.0.1", "firmware_1.0.2.bin"):
        assert call("sign", root, version, "--key", keys / "office", "--needs-firmware", "1.0.1").code == 0
    assert judged(call, root) == {
        "1.0.0": "no",
        "1.0.1": "yes",
        "firmware_1.0.1.bin": "yes",
        "firmware_1.0.2.bin": "yes",
    }
    assert Waybill.parse((root / "1.0.1.waybill").read_bytes()).to_dict()["needs_firmware"] == "1.0.1"


def test_signing_again_keeps_what_is_not_said(signed: Path, keys: Path, call: Call) -> None:
    office, waybill = keys / "office", signed / "1.0.1.waybill"
    for options, head in {
        ("--expires", "2099-01-01T00:00:00Z"): "sequence 2\nexpires 2099-01-01T00:00:00Z\nneeds-firmware -\n",
        ("--needs-firmware", "1.0.0"): "sequence 3\nexpires 2099-01-01T00:00:00Z\nneeds-firmware 1.0.0\n",
        ("--expires", "-", "--sequence", "5"): "sequence 5\nexpires -\nneeds-firmware 1.0.0\n",
        (): "sequence 5\nexpires -\nneeds-firmware 1.0.0\n",
    }.items():
        assert call("sign", signed, "1.0.1", "--key", office, *options).code == 0
        assert head in waybill.read_text()
        assert call("verify", signed).code == 0


def test_a_dry_run_prints_what_would_be_signed(signed: Path, call: Call) -> None:
    write(signed, {"1.0.1/flash/more.py": b"more\n"})
    before = (signed / "1.0.1.waybill").read_bytes()
    printed = call("sign", signed, "1.0.1", "--dry-run").out
    assert "files 3\n" in printed
    assert (signed / "1.0.1.waybill").read_bytes() == before


def test_a_second_signer_has_a_file_of_its_own(root: Path, keys: Path, call: Call) -> None:
    made = {name: make_key(keys, name) for name in ("root", "office", "laptop")}
    options = [option for name in ("office", "laptop") for option in ("--release", f"{made[name]}.pub")]
    created = call(
        *("keys", "new", root, "--product", "smart-meter", "--root", f"{made['root']}.pub", *options),
        *("--threshold-release", "2"),
    )
    assert created.code == 0
    first = call("sign", root, "1.0.0", "--key", made["office"])
    assert first.out == "signed 1.0.0.waybill: sequence 1; 1 more of the release keys must sign\n"
    assert judged(call, root)["1.0.0"] == "no"
    # The same key again is not another one.
    assert "1 more" in call("sign", root, "1.0.0", "--key", made["office"]).out
    assert call("sign", root, "1.0.0", "--key", made["laptop"]).out == "signed 1.0.0.waybill: sequence 1\n"
    assert judged(call, root)["1.0.0"] == "yes"
    assert names(root) == ["1.0.0.waybill", "1.0.0.waybill.2.sig", "1.0.0.waybill.sig", "keys/1.waybill"]
    # Other files: nobody has signed those.
    write(root, {"1.0.0/flash/more.py": b"more\n"})
    assert "1 more" in call("sign", root, "1.0.0", "--key", made["laptop"]).out
    assert names(root) == ["1.0.0.waybill", "1.0.0.waybill.sig", "keys/1.waybill"]


def copy_waybill(root: Path, version: str, other: str) -> None:
    for ending in ("", ".sig"):
        shutil.copy(root / f"{version}.waybill{ending}", root / f"{other}.waybill{ending}")


CHANGES: dict[str, tuple[Callable[[Path], object], list[list[str]]]] = {
    "a changed file": (
        lambda root: write(root, {"1.0.1/flash/main.py": b"TWO\n"}),
        [["1.0.1/flash/main.py", "signed_mismatch"]],
    ),
    "a new file": (
        lambda root: write(root, {"1.0.1/flash/x.py": b""}),
        [["1.0.1/flash/x.py", "signed_mismatch"]],
    ),
    "a file less": (
        lambda root: (root / "1.0.1/flash/lib.py").unlink(),
        [["1.0.1/flash/lib.py", "signed_mismatch"]],
    ),
    "no signature": (lambda root: (root / "1.0.1.waybill.sig").unlink(), [["1.0.1.waybill", "unsigned"]]),
    "no waybill": (lambda root: (root / "1.0.1.waybill").unlink(), [["1.0.1", "unsigned"]]),
    "another line": (
        lambda root: write(
            root, {"1.0.1.waybill": (root / "1.0.1.waybill").read_bytes().replace(b"sequence 2", b"sequence 3")}
        ),
        [["1.0.1.waybill", "unsigned"], ["1.0.1.waybill.sig", "signature_wrong"]],
    ),
    "CRLF in the waybill": (
        lambda root: write(root, {"1.0.1.waybill": (root / "1.0.1.waybill").read_bytes().replace(b"\n", b"\r\n")}),
        [
            ["1.0.1.waybill", "unsigned"],
            ["1.0.1.waybill", "document_line_end"],
            ["1.0.1.waybill.sig", "signature_wrong"],
        ],
    ),
    "CRLF in the signature": (
        lambda root: write(
            root, {"1.0.1.waybill.sig": (root / "1.0.1.waybill.sig").read_bytes().replace(b"\n", b"\r\n")}
        ),
        [["1.0.1.waybill", "unsigned"], ["1.0.1.waybill.sig", "signature_form"]],
    ),
    "a waybill of another release": (
        lambda root: copy_waybill(root, "1.0.0", "1.0.1"),
        [["1.0.1.waybill", "signed_mismatch"]],
    ),
}


@pytest.mark.parametrize(("change", "found"), CHANGES.values(), ids=CHANGES)
def test_what_changed_since_is_said(
    change: Callable[[Path], object], found: list[list[str]], signed: Path, call: Call
) -> None:
    change(signed)
    outcome = call("verify", signed)
    assert outcome.code == 1
    assert all(reason in reasons(outcome) for reason in found)
    assert outcome.err.split(": ")[1] == "verify_failed"
    assert judged(call, signed)["1.0.1"] == "no"


NOT_OFFERED: dict[str, tuple[Callable[[Path], object], list[str]]] = {
    "a link out of it": (
        lambda root: (root / "1.0.1/flash/x").symlink_to("/etc/hostname"),
        ["1.0.1/flash/x", "link_outside"],
    ),
    "no plain file": (lambda root: os.mkfifo(root / "1.0.1/flash/x"), ["1.0.1/flash/x", "file_unread"]),
    "no files": (lambda root: empty(root / "1.0.1"), ["1.0.1", "release_empty"]),
    "no release": (lambda root: shutil.rmtree(root / "1.0.1"), ["1.0.1", "release_unknown"]),
    "renamed": (lambda root: (root / "1.0.1").rename(root / "one"), ["1.0.1", "release_unknown"]),
    "a copy under way": (
        lambda root: write(root, {"1.0.1/flash/a.part": b""}),
        ["1.0.1/flash/a.part", "copy_under_way"],
    ),
}


def empty(release: Path) -> None:
    shutil.rmtree(release)
    release.mkdir()


@pytest.mark.parametrize(("change", "reason"), NOT_OFFERED.values(), ids=NOT_OFFERED)
def test_what_is_signed_and_not_offered_is_said(
    change: Callable[[Path], object], reason: list[str], signed: Path, call: Call
) -> None:
    change(signed)
    outcome = call("verify", signed)
    assert outcome.code == 1
    assert reason in reasons(outcome)
    assert judged(call, signed) == {"1.0.0": "yes", "1.0.1": "no"}


@pytest.mark.parametrize(("count", "threshold", "warns"), [(1, 1, True), (2, 1, False), (2, 2, True), (3, 2, False)])
def test_keys_of_which_none_may_be_lost(
    root: Path, keys: Path, call: Call, count: int, threshold: int, warns: bool
) -> None:
    keys.mkdir()
    roots = [f"--root={make_key(keys, f'root{number}')}.pub" for number in range(count)]
    release = f"--release={make_key(keys, 'office')}.pub"
    outcome = call("keys", "new", root, "--product", "meter", *roots, release, "--threshold-root", threshold)
    assert outcome.code == 0
    assert ("can never be changed again" in outcome.err) == warns


def test_keys_are_rotated(signed: Path, keys: Path, call: Call) -> None:
    laptop, safe = make_key(keys, "laptop"), make_key(keys, "safe")
    change = (
        "--release",
        f"{laptop}.pub",
        "--remove",
        keys / "office.pub",
        "--root",
        f"{safe}.pub",
        "--threshold-root",
        "2",
    )
    refused = call("keys", "rotate", signed, *change)
    assert (refused.code, refused.err.split(": ")[1]) == (2, "keys_floor")

    rotated = call("keys", "rotate", signed, *change, "--floor", "3")
    assert rotated.out == (
        "wrote keys/2.waybill.draft: devices get it once it is signed; it lacks 1 of the root keys of keys 1 (root); "
        "2 of the root keys of keys 2 (root, safe)\n"
    )
    assert call("keys", "rotate", signed).err.split(": ")[1] == "keys_exist"
    # A draft changes nothing.
    assert call("verify", signed).code == 0
    assert call("sign", signed, "keys", "--key", keys / "office").err.split(": ")[1] == "signature_unknown"
    one = call("sign", signed, "keys", "--key", safe)
    assert one.out == (
        "signed keys/2.waybill.draft; it lacks 1 of the root keys of keys 1 (root); "
        "1 of the root keys of keys 2 (root)\n"
    )
    assert call("sign", signed, "keys", "--key", keys / "root").code == 0
    assert [name for name in names(signed) if name.startswith("keys")] == [
        "keys/1.waybill",
        "keys/2.waybill",
        "keys/2.waybill.2.sig",
        "keys/2.waybill.sig",
    ]
    assert judged(call, signed) == {"1.0.0": "no", "1.0.1": "no"}
    assert judged(call, signed, "--keys", signed / "keys/2.waybill") == {"1.0.0": "no", "1.0.1": "no"}

    assert call("sign", signed, "1.0.1", "--key", keys / "office").err.split(": ")[1] == "signature_unknown"
    assert call("sign", signed, "1.0.1", "--key", laptop, "--sequence", "2").err.split(": ")[1] == "sequence_low"
    assert call("sign", signed, "1.0.1", "--key", laptop).code == 0
    assert judged(call, signed) == {"1.0.0": "no", "1.0.1": "yes"}


REFUSED: dict[str, tuple[list[str], int, str]] = {
    "no such release": (["sign", "{root}", "1.0.9", "--key", "{keys}/office"], 2, "release_unknown"),
    "no key": (["sign", "{root}", "1.0.1"], 2, "usage"),
    "a key that is not there": (["sign", "{root}", "1.0.1", "--key", "{keys}/none"], 2, "key_unread"),
    "a key that is none of the keys": (["sign", "{root}", "1.0.1", "--key", "{keys}/root"], 2, "signature_unknown"),
    "another type of key": (["sign", "{root}", "1.0.1", "--key", "{keys}/ecdsa"], 2, "key_type"),
    "a number that does not rise": (
        ["sign", "{root}", "1.0.1", "--key", "{keys}/office", "--sequence", "1"],
        2,
        "sequence_order",
    ),
    "a time that is over": (
        ["sign", "{root}", "1.0.1", "--key", "{keys}/office", "--expires", "2020-01-01T00:00:00Z"],
        1,
        "expired",
    ),
    "a time that is none": (
        ["sign", "{root}", "1.0.1", "--key", "{keys}/office", "--expires", "soon"],
        2,
        "document_value",
    ),
    "no draft": (["sign", "{root}", "keys", "--key", "{keys}/root"], 2, "keys_missing"),
    "no directory": (["sign", "{root}/none", "1.0.1", "--key", "{keys}/office"], 2, "root_invalid"),
    "a private key as a public one": (
        ["keys", "rotate", "{root}", "--root", "{keys}/secret.pub"],
        2,
        "key_invalid",
    ),
    "keys that are there": (
        ["keys", "new", "{root}", "--product", "a", "--root", "{keys}/root.pub", "--release", "{keys}/office.pub"],
        2,
        "keys_exist",
    ),
    "a key twice": (["keys", "rotate", "{root}", "--root", "{keys}/root.pub"], 2, "key_duplicate"),
    "a threshold above the keys": (["keys", "rotate", "{root}", "--threshold-root", "2"], 2, "keys_threshold"),
    "a key that nobody knows": (["keys", "rotate", "{root}", "--remove", "{keys}/other.pub"], 2, "key_unknown"),
    "keys that cannot be read": (["verify", "{root}", "--keys", "{keys}/none"], 2, "keys_unread"),
    "keys that are none": (["verify", "{root}", "--keys", "{keys}/root.pub"], 2, "document_line"),
}


@pytest.mark.parametrize(("command", "code", "error"), REFUSED.values(), ids=REFUSED)
def test_refused(command: list[str], code: int, error: str, signed: Path, keys: Path, call: Call) -> None:
    make_key(keys, "other")
    keygen("-t", "ecdsa", "-N", "", "-f", keys / "ecdsa")
    (keys / "secret.pub").write_bytes((keys / "root").read_bytes())
    before = {name: (signed / name).read_bytes() for name in names(signed)}
    outcome = call(*(part.format(root=signed, keys=keys) for part in command))
    assert (outcome.code, outcome.err.split(": ")[1]) == (code, error), outcome
    assert outcome.err.count("\n") == 1
    assert {name: (signed / name).read_bytes() for name in names(signed)} == before


def test_a_key_without_a_comment(root: Path, keys: Path, call: Call) -> None:
    # Its line ends in a blank.
    keys.mkdir()
    keygen("-t", "ed25519", "-N", "", "-C", "", "-f", keys / "bare")
    public = f"{keys / 'bare'}.pub"
    created = call("keys", "new", root, "--product", "smart-meter", "--root", public, "--release", public)
    assert created.code == 0
    assert call("sign", root, "1.0.0", "--key", keys / "bare").code == 0
    assert judged(call, root)["1.0.0"] == "yes"


def test_a_name_that_is_not_utf_8_is_no_document(signed: Path, call: Call) -> None:
    with open(os.fsencode(signed) + b"/\xff.waybill", "wb"):
        pass
    assert judged(call, signed) == {"1.0.0": "yes", "1.0.1": "yes"}


def test_a_directory_without_keys(root: Path, keys: Path, call: Call) -> None:
    make_key(keys, "office")
    for command in (["verify", root], ["sign", root, "1.0.1", "--key", keys / "office"], ["keys", "rotate", root]):
        assert call(*command).err.split(": ")[1] == "keys_missing"


def test_a_damaged_waybill_beside_is_not_counted_over(signed: Path, keys: Path, call: Call) -> None:
    write(signed, {"1.0.0.waybill": b"<html>\n"})
    refused = call("sign", signed, "1.0.1", "--key", keys / "office")
    assert (refused.code, refused.err.split(": ")[1:3]) == (2, ["document_line", "1.0.0.waybill"])


@pytest.mark.parametrize("right", [True, False])
def test_a_key_with_a_passphrase(
    right: bool, root: Path, keys: Path, call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    root_key, office = make_key(keys, "root"), make_key(keys, "office", "open sesame")
    options = ["--root", f"{root_key}.pub", "--release", f"{office}.pub"]
    assert call("keys", "new", root, "--product", "smart-meter", *options).code == 0
    ask = keys / "ask"
    ask.write_text(f"#!/bin/sh\necho {'open sesame' if right else 'wrong'}\n")
    ask.chmod(0o700)
    monkeypatch.setenv("SSH_ASKPASS", str(ask))
    monkeypatch.setenv("SSH_ASKPASS_REQUIRE", "force")
    outcome = call("sign", root, "1.0.0", "--key", office)
    if right:
        assert judged(call, root)["1.0.0"] == "yes"
    else:
        assert (outcome.code, outcome.err.split(": ")[1]) == (2, "signer_failed")
        assert "passphrase" in outcome.err
        assert names(root) == ["keys/1.waybill"]


def test_a_key_that_an_agent_holds(root: Path, keys: Path, call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    new_keys(root, keys)
    started = subprocess.run(["ssh-agent", "-s"], stdout=subprocess.PIPE, text=True, check=True).stdout
    values = dict(part.split("=", 1) for part in started.replace("\n", "").split(";") if "=" in part)
    try:
        monkeypatch.setenv("SSH_AUTH_SOCK", values["SSH_AUTH_SOCK"])
        subprocess.run(["ssh-add", "-q", str(keys / "office")], check=True)
        (keys / "office").unlink()
        assert call("sign", root, "1.0.0", "--key", keys / "office.pub").code == 0
        assert judged(call, root)["1.0.0"] == "yes"
    finally:
        os.kill(int(values["SSH_AGENT_PID"]), signal.SIGTERM)


def test_the_exit_code_of_ssh_keygen_is_not_believed(
    signed: Path, keys: Path, call: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = {name: (signed / name).read_bytes() for name in names(signed)}
    other, wrong = by_hand(keys / "office", b"other"), by_hand(keys / "office", b"other", "file")
    liar = tmp_path / "bin/ssh-keygen"
    liar.parent.mkdir()
    monkeypatch.setenv("PATH", str(liar.parent), prepend=os.pathsep)
    write(signed, {"1.0.1/flash/more.py": b"more\n"})
    for said, error in {b"": "signer_failed", other: "signer_failed", wrong: "signature_namespace"}.items():
        (tmp_path / "said").write_bytes(said)
        liar.write_text(f"#!/bin/sh\ncat {tmp_path}/said\n")
        liar.chmod(0o700)
        outcome = call("sign", signed, "1.0.1", "--key", keys / "office")
        assert (outcome.code, outcome.err.split(": ")[1]) == (2, error)
        assert {name: (signed / name).read_bytes() for name in names(signed)} == before


def test_openssh_takes_what_was_signed_here_and_the_other_way_round(root: Path, keys: Path, call: Call) -> None:
    versions = [f"1.1.{number}" for number in range(DOCUMENTS)]
    dice = random.Random(13)
    for version in versions:
        files = {f"{version}/flash/{dice.random():.6f} ü.py": dice.randbytes(dice.randrange(200)) for _ in range(5)}
        write(root, files)
    new_keys(root, keys)
    assert call("sign", root, *versions, "--key", keys / "office").code == 0
    public = (keys / "office.pub").read_text()
    (keys / "allowed").write_text(f'office namespaces="{NAMESPACE}" {public}')
    for version in versions:
        waybill = root / f"{version}.waybill"
        document = waybill.read_bytes()
        verify = ("-Y", "verify", "-f", keys / "allowed", "-I", "office", "-n", NAMESPACE, "-s", f"{waybill}.sig")
        keygen(*verify, stdin=document)
        assert by_hand(keys / "office", document) == Path(f"{waybill}.sig").read_bytes()
    assert dict.fromkeys(versions, "yes").items() <= judged(call, root).items()
