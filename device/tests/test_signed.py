"""A device with keys installs what the operator has signed, and nothing else (T3 to T8)."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from answers import answering
from board import INSTALL, INSTALLED, TESTS, Board, Server, find, run_script, tree
from content import sha1, sha256
from signed_device import (
    NOW,
    RELEASES,
    Files,
    board_of,
    good,
    head_of,
    image_of,
    in_manifest,
    release_of,
    served,
    sign,
    update,
)
from signing import LAPTOP, OFFICE, ROOT_KEY, STRANGER, Waybill, keys, signed

# `make attack` has more.
FLIPS = int(os.environ.get("FLIPS", "1000"))


def test_a_signed_release_is_installed(tmp_path: Path) -> None:
    """T8: its waybill is kept, and what it says is what the device has."""
    board = board_of(tmp_path, keys(thresholds=(1, 2), release=(OFFICE, LAPTOP)))
    files = sign(served(), release_of("1.0.1"), image_of("1.0.1", sequence=3), by=(OFFICE, LAPTOP))
    steps = (("update", {"now": NOW}), *INSTALL[1:], "verify", "update")
    results = update(files, board, *steps, watchdog=True)
    assert results[:4] == ["1.0.1", *INSTALLED]
    assert results[4] == {"checked": 4, "problems": [], "signed": True}
    home = board.root / "flash/waybill"
    assert sorted(path.name for path in home.iterdir()) == ["files", "keys", "signed", "signed.sig", "version"]
    assert (home / "signed").read_bytes() == files["/1.0.1.waybill"]
    assert head_of(board)["signed"] == {"keys": 1, "release": [17, "1.0.1"], "firmware": [3, "1.0.1"]}
    found = {path: data for path, data in board.release().items() if path != "flash/boot.py"}
    assert found == {path: data for path, data in tree(RELEASES / "1.0.1").items() if path != "flash/boot.py"}


def flipped(path: str, at: int = 150) -> Callable[[Files], None]:
    def change(files: Files) -> None:
        files[path] = files[path][:at] + bytes([files[path][at] ^ 1]) + files[path][at + 1 :]

    return change


def without(*paths: str) -> Callable[[Files], None]:
    return lambda files: [files.pop(path) for path in paths] and None


def signing(waybill: Waybill, *by: Any) -> Callable[[Files], None]:
    return lambda files: sign(files, waybill, by=by or (OFFICE,)) and None


def cut(path: str) -> Callable[[Files], None]:
    return lambda files: files.update({path: files[path][:-40]})


def other_content(files: Files) -> None:
    """Of the manifest's own making: its SHA-1 holds."""
    files["/1.0.1/flash/main.py"] = b"import os"

    def change(manifest: dict[str, Any]) -> None:
        manifest["update"][0].update({"hash": sha1(b"import os"), "size": 9})

    in_manifest(change)(files)


def endless(files: Files) -> None:
    """No size is said, and more comes than was signed."""
    files["/manifest.json"] = served(format=1)["/manifest.json"]
    content = files["/1.0.1/flash/main.py"] = files["/1.0.1/flash/main.py"] * 50
    in_manifest(lambda manifest: manifest["update"][0].update({"hash": sha1(content)}))(files)


def same_size(files: Files) -> None:
    content = bytes(len(files["/1.0.1/flash/main.py"]))
    files["/1.0.1/flash/main.py"] = content
    in_manifest(lambda manifest: manifest["update"][0].update({"hash": sha1(content)}))(files)


def other_firmware(files: Files) -> None:
    image = bytes(len(files["/firmware_1.0.1.bin"]))
    files["/firmware_1.0.1.bin"] = image
    in_manifest(lambda manifest: manifest["firmware"].update({"hash": sha1(image)}))(files)


def more(files: Files) -> None:
    """A file that nobody signed."""
    files["/1.0.1/flash/lib/zone.py"] = b"x"
    entry = {"URL": "http://10.1.1.1:8000/1.0.1/flash/lib/zone.py", "dst_path": "flash/lib/zone.py"}
    in_manifest(lambda manifest: manifest["new"].append({**entry, "hash": sha1(b"x"), "size": 1}))(files)


def old_release(files: Files) -> None:
    """1.0.0 as it was signed then, under the manifest of a new one."""
    files.update(signed("1.0.1", release_of("1.0.0", sequence=16).render(), OFFICE))


ATTACKS: dict[str, tuple[Callable[[Files], object], str]] = {
    "no-waybill": (without("/1.0.1.waybill"), "unsigned"),
    "no-signature": (without("/1.0.1.waybill.sig"), "unsigned"),
    "byte-of-waybill": (flipped("/1.0.1.waybill"), "unsigned"),
    "byte-of-signature": (flipped("/1.0.1.waybill.sig"), "unsigned"),
    "waybill-cut": (cut("/1.0.1.waybill"), "unsigned"),
    "signature-cut": (cut("/1.0.1.waybill.sig"), "unsigned"),
    "signature-too-long": (lambda files: files.update({"/1.0.1.waybill.sig": bytes(2000)}), "document_too_long"),
    "stranger": (signing(release_of("1.0.1"), STRANGER), "unsigned"),
    "root-key": (signing(release_of("1.0.1"), ROOT_KEY), "unsigned"),
    "another-namespace": (
        lambda files: files.update({"/1.0.1.waybill.sig": OFFICE.sign(files["/1.0.1.waybill"], b"file")}),
        "unsigned",
    ),
    "another-product": (signing(release_of("1.0.1", product="other")), "signed_mismatch"),
    "another-release": (old_release, "signed_mismatch"),
    "expired": (signing(release_of("1.0.1", expires="2026-11-27T12:00:00Z")), "expired"),
    "content-of-another-size": (other_content, "signed_mismatch"),
    "content-without-end": (endless, "signed_mismatch"),
    "content-of-the-same-size": (same_size, "hash_mismatch"),
    "byte-of-a-file": (flipped("/1.0.1/flash/main.py"), "hash_mismatch"),
    "a-file-more": (more, "signed_mismatch"),
    "a-file-less": (in_manifest(lambda manifest: manifest["new"].clear()), "signed_mismatch"),
    "an-old-file-stays": (in_manifest(lambda manifest: manifest["update"].pop(0)), "signed_mismatch"),
    "device-owned": (
        signing(
            Waybill(
                {path: data for path, data in tree(RELEASES / "1.0.1").items() if path != "flash/main.py"},
                keep={"flash/main.py": (RELEASES / "1.0.1/flash/main.py").read_bytes()},
            )
        ),
        "signed_mismatch",
    ),
    "image-unsigned": (without("/firmware_1.0.1.bin.waybill"), "unsigned"),
    "byte-of-image-waybill": (flipped("/firmware_1.0.1.bin.waybill", 60), "unsigned"),
    "another-image": (other_firmware, "hash_mismatch"),
    "release-for-image": (
        lambda files: files.update(signed("firmware_1.0.1.bin", files["/1.0.1.waybill"], OFFICE)),
        "signed_mismatch",
    ),
}


@pytest.mark.parametrize("attack", ATTACKS)
def test_attacks(tmp_path: Path, attack: str) -> None:
    """Nothing on the device changes, and nothing of what was fetched is left but what an update goes on from."""
    change, code = ATTACKS[attack]
    files = good()
    change(files)
    board = board_of(tmp_path)
    before = board.files()
    [found] = update(files, board, ("update", {"now": NOW}))
    assert found["code"] == code, found
    # Whole files that have come before one that is not right wait for the next try.
    assert {path: data for path, data in board.files().items() if path in before} == before
    if code != "hash_mismatch" and change is not endless:
        assert board.files() == before
    else:
        assert update(good(), board, *INSTALL) == ["1.0.1", *INSTALLED]


@pytest.mark.parametrize("attack", ["image-unsigned", "another-image", "release-for-image"])
def test_pycom(tmp_path: Path, attack: str) -> None:
    """Its firmware is written at once, and switched to by the same call that ends the writing."""
    change, code = ATTACKS[attack]
    lies = good()
    change(lies)
    board = board_of(tmp_path, board="pycom")
    assert update(lies, board)[0]["code"] == code
    assert not (board.root / "boot").exists()
    assert board.release() == tree(RELEASES / "1.0.0")
    assert update(good(), board, *INSTALL) == ["1.0.1", *INSTALLED]
    assert (board.root / "image").read_bytes() == (RELEASES / "firmware_1.0.1.bin").read_bytes()


# The firmware that a release needs, what the device has, the board and its settings, and whether that is enough; it is
# offered 1.0.1, its own is 1.0.0.
NEEDED: dict[str, tuple[str, str | None, dict[str, Any], bool]] = {
    "no-demand": ("-", None, {}, True),
    "it-runs": ("1.0.0", "1.0.0", {"firmware": False}, True),
    "it-runs-whatever-comes": ("1.0.0", "1.0.0", {}, True),
    "it-runs-with-a-v": ("v1.0.0", "1.0.0", {"firmware": False}, True),
    "it-runs-with-a-v-of-its-own": ("1.0.0", "v1.0.0", {"firmware": False}, True),
    "it-was-delivered": ("2.0", None, {"firmware_version": "2.0"}, True),
    "it-comes": ("1.0.1", "1.0.0", {}, True),
    "it-comes-with-a-v": ("v1.0.1", "1.0.0", {}, True),
    "it-comes-where-none-is-known": ("1.0.1", None, {}, True),
    "it-is-not-taken": ("1.0.1", "1.0.0", {"firmware": False}, False),
    "another-runs-and-another-comes": ("1.0.2", "1.0.0", {}, False),
    "higher-is-not-it": ("0.9", "1.0.0", {"firmware": False}, False),
    "none-is-known": ("1.0.0", None, {"firmware": False}, False),
}


@pytest.mark.parametrize("case", NEEDED)
def test_the_firmware_that_a_release_needs(tmp_path: Path, case: str) -> None:
    """T8b: it runs, or comes with it; else nothing is fetched and nothing changes."""
    needs, has, settings, enough = NEEDED[case]
    board = board_of(tmp_path)
    (board.root / "flash/waybill/version").write_text(f"1.0.0\n{has or ''}\n")
    before = board.files()
    files = sign(served(), release_of("1.0.1", needs=needs), image_of("1.0.1", sequence=3))
    with answering(files) as server:
        [found] = board.run(server.port, "update", settings=settings)
        fetched = [line for line in server.asked if "/1.0.1/" in line]
    if enough:
        assert found == "1.0.1"
        return
    assert found["code"] == "firmware_needed"
    for word in ("1.0.1 is made for firmware", f"firmware {needs}", has or "none", f"firmware_{needs}.bin"):
        assert word in found["detail"]
    assert fetched == []
    assert board.files() == before


def test_a_board_that_cannot_write_the_firmware_that_a_release_needs(tmp_path: Path) -> None:
    """It would take the files of an update without its firmware, but not of this one."""
    board = board_of(tmp_path)
    (board.root / "no_second").write_text("1")
    files = sign(served(), release_of("1.0.1", needs="1.0.1"), image_of("1.0.1", sequence=3))
    assert update(files, board)[0]["code"] == "firmware_needed"
    assert update(good(), board) == ["1.0.1"]


def next_release(tmp_path: Path) -> Path:
    """Releases with a 1.0.2 and its image."""
    releases = tmp_path / "releases"
    shutil.copytree(RELEASES, releases)
    shutil.copytree(releases / "1.0.1", releases / "1.0.2")
    (releases / "1.0.2/flash/main.py").write_bytes(b"# 1.0.2")
    (releases / "firmware_1.0.2.bin").write_bytes(bytes(5000))
    return releases


def test_the_firmware_that_a_manifest_says_runs(tmp_path: Path) -> None:
    """A manifest that gives the needed image the hash of the one that runs: then it is not written, and does not count.
    The device has that hash from an update before it took its keys."""
    releases = next_release(tmp_path)
    board = Board(tmp_path / "board", releases, "1.0.0")
    (board.root / "flash/keys.waybill").write_bytes(keys())
    assert update(served(), board, *INSTALL, ("take_keys", {"path": "/flash/keys.waybill"}))[-1] is True
    running = (releases / "firmware_1.0.1.bin").read_bytes()
    assert head_of(board)["firmware"] == sha1(running)
    files = sign(
        served(releases, "1.0.2", "1.0.1"),
        release_of("1.0.2", releases, needs="1.0.2"),
        image_of("1.0.2", releases, sequence=3),
    )
    lie = dict(files)
    in_manifest(lambda manifest: manifest["firmware"].update({"hash": sha1(running), "size": len(running)}))(lie)
    assert update(lie, board)[0]["code"] == "firmware_needed"
    assert update(files, board, *INSTALL) == ["1.0.2", *INSTALLED]


def test_mix_of_two_releases(tmp_path: Path) -> None:
    """Each file is signed, but not with the others."""
    releases = tmp_path / "releases"
    shutil.copytree(RELEASES, releases)
    shutil.copytree(releases / "1.0.1", releases / "1.0.2")
    (releases / "1.0.2/flash/lib/new_lib.py").write_bytes(b"# 1.0.2")
    files = served(releases, "1.0.1")
    sign(files, release_of("1.0.1", releases), release_of("1.0.2", releases, sequence=18))
    content = files["/1.0.1/flash/lib/new_lib.py"] = b"# 1.0.2"
    in_manifest(lambda manifest: manifest["new"][0].update({"hash": sha1(content), "size": len(content)}))(files)
    [found] = update(files, board_of(tmp_path), "update", settings={"firmware": False})
    assert found["code"] == "signed_mismatch"


def other_hashes(manifest: dict[str, Any]) -> None:
    """What is fetched is held against the waybill, so these stop nothing."""
    for entry in manifest["new"] + manifest["update"]:
        entry["hash"] = "0" * 40
    manifest["firmware"]["hash"] = "0" * 40


ROLLED_BACK = ("update", "start", "start", "rollback", "start")
OLD_IMAGE = {
    "URL": "http://10.1.1.1:8000/firmware_1.0.0.bin",
    "size": (RELEASES / "firmware_1.0.0.bin").stat().st_size,
}
# What the manifest says of a release that was rolled back, with which image, and what comes of the honest one then.
AGAIN: dict[str, tuple[Callable[[dict[str, Any]], object], str, str]] = {
    "as-it-was": (lambda manifest: None, "1.0.1", "refused"),
    "other-hashes": (other_hashes, "1.0.1", "refused"),
    "another-image": (lambda manifest: manifest["firmware"].update(OLD_IMAGE), "1.0.0", "1.0.1"),
}


@pytest.mark.parametrize("case", AGAIN)
def test_what_was_rolled_back_is_known_by_what_is_signed(tmp_path: Path, case: str) -> None:
    """D14: a manifest of the attacker's brings no release back, and makes none refused that the operator offers."""
    change, image, honest = AGAIN[case]
    board = board_of(tmp_path)
    files = sign(good(), image_of("1.0.0", sequence=2))
    lie = dict(files)
    in_manifest(change)(lie)
    assert update(lie, board, *ROLLED_BACK)[0] == "1.0.1"
    for again in (lie, files):
        [found] = update(again, board)
        found = found["code"] if isinstance(found, dict) else found
        assert found == ("refused" if again is lie else honest)
    other = board_of(tmp_path / "other")
    assert update(files, other, *ROLLED_BACK)[0] == "1.0.1"
    if image == "1.0.1":
        assert update(lie, other)[0]["code"] == "refused"


def test_what_the_device_has_is_not_fetched_again(tmp_path: Path) -> None:
    """D14: its own release under any manifest is nothing to do; and a file that is as it was signed does not come."""
    board = board_of(tmp_path)
    files = good()
    assert update(files, board, *INSTALL) == ["1.0.1", *INSTALLED]
    files["/manifest.json"] = served(current=None)["/manifest.json"]
    in_manifest(other_hashes)(files)
    before = board.files()
    with answering(files) as server:
        assert board.run(server.port, "update") == [None]
        assert [line for line in server.asked if "/1.0.1/" in line or ".bin HTTP" in line] == []
        assert board.files() == before
        (board.root / "flash/main.py").write_bytes(bytes(len(before["flash/main.py"])))
        assert board.run(server.port, *INSTALL) == ["1.0.1", *INSTALLED]
        assert [line.split()[1] for line in server.asked if "/1.0.1/" in line] == ["/1.0.1/flash/main.py"]
    (board.root / "spec.json").write_bytes(before.get("spec.json", b""))
    assert board.release() == {path: data for path, data in before.items() if "/waybill/" not in path}


@pytest.mark.parametrize("fat", [False, True], ids=["littlefs", "FAT"])
def test_room_without_sizes(tmp_path: Path, fat: bool) -> None:
    """T7: sizes are the waybill's, so a manifest of format 1 lets nothing be fetched for which there is no room."""
    releases = tmp_path / "releases"
    shutil.copytree(RELEASES, releases)
    (releases / "1.0.1/flash/lib/large.bin").write_bytes(bytes(range(256)) * 100)
    files = sign(served(releases, format=1), release_of("1.0.1", releases))
    found = set()
    for blocks in (46, 50, 54):
        board = Board(tmp_path / str(blocks), releases, "1.0.0", blocks=blocks, fat=fat)
        (board.root / "flash/waybill/keys").write_bytes(keys())
        with answering(files) as server:
            [result] = board.run(server.port, "update", settings={"firmware": False})
            came = any("/1.0.1/" in line for line in server.asked)
        found.add((result if isinstance(result, str) else result["code"], came))
    assert found == {("space", False), ("1.0.1", True)}


def test_a_manifest_that_deletes(tmp_path: Path) -> None:
    """What goes is what the device's record has and the waybill has not, whatever the manifest says."""
    board = board_of(tmp_path)
    files = good()

    def change(manifest: dict[str, Any]) -> None:
        manifest["delete"] = ["flash/lib/lib_a.py"]

    in_manifest(change)(files)
    assert update(files, board, *INSTALL) == ["1.0.1", *INSTALLED]
    assert {**board.release(), "flash/boot.py": b""} == {**tree(RELEASES / "1.0.1"), "flash/boot.py": b""}
    assert update(files, board, "verify") == [{"checked": 4, "problems": [], "signed": True}]


def test_the_device_is_proved(tmp_path: Path) -> None:
    """T8: by the waybill, not by the device's record."""
    board = board_of(tmp_path)
    files = good()
    update(files, board, *INSTALL)
    home = board.root / "flash/waybill"
    changed = b"import evil"
    (board.root / "flash/main.py").write_bytes(changed)
    record = (home / "files").read_bytes().split(b"\n= ")[0].decode()
    main = tree(RELEASES / "1.0.1")["flash/main.py"]
    record = record.replace(f"{sha256(main)} {len(main)}", f"{sha256(changed)} {len(changed)}") + "\n"
    (home / "files").write_text(f"{record}= {sha256(record.encode())}\n")
    [report] = update(files, board, "verify")
    assert [(one["kind"], one["path"]) for one in report["problems"]] == [("different", "flash/main.py")]
    assert report["signed"] is True
    waybill = (home / "signed").read_bytes()
    (home / "signed").write_bytes(waybill.replace(sha256(main).encode(), sha256(changed).encode()))
    [report] = update(files, board, "verify")
    assert report["signed"] is False


def test_an_old_file_in_a_full_manifest(tmp_path: Path) -> None:
    """The device has it already, says the manifest."""
    board = board_of(tmp_path, record=False)
    files = sign(served(current=None, format=1), release_of("1.0.1"))
    old = (RELEASES / "1.0.0/flash/main.py").read_bytes()

    def change(manifest: dict[str, Any]) -> None:
        [entry] = [entry for entry in manifest["new"] if entry["dst_path"] == "flash/main.py"]
        entry["hash"] = sha1(old)

    in_manifest(change)(files)
    assert update(files, board, settings={"firmware": False})[0]["code"] == "signed_mismatch"


def test_what_differs_on_the_device(tmp_path: Path) -> None:
    """Every other file of the waybill has to be there as it was signed."""
    board = board_of(tmp_path)
    (board.root / "flash/lib/lib_a.py").write_text("changed")
    assert update(good(), board)[0]["code"] == "signed_mismatch"
    (board.root / "flash/lib/lib_a.py").unlink()
    assert update(good(), board)[0]["code"] == "signed_mismatch"


def test_a_card_that_is_missing(tmp_path: Path) -> None:
    """What it has to have cannot be proved."""
    board = board_of(tmp_path)
    shutil.rmtree(board.root / "sd")
    files = good()
    in_manifest(lambda manifest: [manifest["update"].pop(), manifest["delete"].clear()])(files)
    assert update(files, board)[0]["code"] == "mount_missing"


@pytest.mark.parametrize("fat", [False, True], ids=["littlefs", "FAT"])
def test_room_for_a_large_waybill(tmp_path: Path, fat: bool) -> None:
    """D11: with more and more room nothing is fetched, or all, and then confirmed on a flash that is full."""
    releases = tmp_path / "releases"
    for version in ("1.0.0", "1.0.1"):
        place = releases / version / "flash/data"
        place.mkdir(parents=True)
        for number in range(150):
            (place / f"{'n' * 200}{number:03}").write_text(version if number < 20 else "same")
    files = sign(served(releases), release_of("1.0.1", releases))
    steps = ("update", "start", "start", ("run", {"code": "fill('/flash/full')"}), "confirm")
    found = set()
    for blocks in range(258, 315, 8) if fat else range(108, 141, 8):
        board = Board(tmp_path / str(blocks), releases, "1.0.0", blocks=blocks, fat=fat)
        (board.root / "flash/waybill/keys").write_bytes(keys())
        with answering(files) as server:
            result, *_, confirmed = board.run(server.port, *steps, heap="64M")
            came = sum("/1.0.1/" in line for line in server.asked)
        found.add((result if isinstance(result, str) else result["code"], came, confirmed is True))
    assert found == {("space", 0, False), ("1.0.1", 20, True)}


def test_a_poll_writes_nothing(tmp_path: Path) -> None:
    board = board_of(tmp_path)
    before = {path: (board.root / path).stat().st_mtime_ns for path in board.files()}
    assert update({"/manifest.json": b"null\n"}, board) == [None]
    assert {path: (board.root / path).stat().st_mtime_ns for path in board.files() if path in before} == before
    assert set(board.files()) == set(before)


def test_one_byte_flipped_anywhere(tmp_path: Path) -> None:
    waybill = release_of("1.0.1").render()
    spec = {"waybill": waybill, "signature": OFFICE.sign(waybill), "keys": keys()}
    (tmp_path / "spec.json").write_text(json.dumps({name: data.decode() for name, data in spec.items()}))
    assert run_script(TESTS / "flips.py", tmp_path / "spec.json", FLIPS) == 0


def test_what_openssh_has_signed(tmp_path: Path) -> None:
    """From the operator's commands to the device, by the server that holds no key."""
    releases = tmp_path / "releases"
    shutil.copytree(RELEASES, releases, ignore=shutil.ignore_patterns("keys", "*.waybill*"))
    for name in ("root", "office"):
        command = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", name, "-f", str(tmp_path / name)]
        subprocess.run(command, check=True)

    def command(*arguments: object) -> None:
        subprocess.run([find("airwaybill", "AIRWAYBILL"), *map(str, arguments)], check=True, capture_output=True)

    public = [f"--{role}={tmp_path / name}.pub" for role, name in (("root", "root"), ("release", "office"))]
    command("keys", "new", releases, "--product", "smart-meter", *public)
    command("sign", releases, "1.0.0", "1.0.1", "--key", tmp_path / "office")
    board = board_of(tmp_path, (releases / "keys/1.waybill").read_bytes())
    with Server(releases, "--signed-only") as server:
        assert board.run(server.port, *INSTALL, "verify")[3:] == [True, {"checked": 4, "problems": [], "signed": True}]
        command("keys", "rotate", releases, f"--root={tmp_path / 'office'}.pub")
        command("sign", releases, "keys", "--key", tmp_path / "root")
        assert board.run(server.port, "update") == [None]
    assert (board.root / "flash/waybill/keys0").exists()
