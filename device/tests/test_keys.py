"""The keys of a device, and the sequences that it has confirmed (T3, T5, T6)."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from board import INSTALL, INSTALLED, Board, tree
from signed_device import RELEASES, Files, board_of, good, head_of, release_of, served, sign, update
from signing import LAPTOP, OFFICE, PRODUCT, ROOT_KEY, STRANGER, keys, signed

FILES_ONLY = {"settings": {"firmware": False}}
NEW_ROOT = STRANGER
SLOTS = ("keys", "keys0", "keys1")


def rotated(*documents: tuple[bytes, tuple]) -> Files:
    """From keys 2 on, each with those who sign it."""
    files: Files = {"/manifest.json": b"null"}
    for number, (document, signers) in enumerate(documents, 2):
        files.update(signed(f"keys/{number}", document, *signers))
    return files


def slots(board: Board) -> dict[str, bytes]:
    home = board.root / "flash/waybill"
    return {name: (home / name).read_bytes() for name in SLOTS if (home / name).exists()}


def number_of(board: Board) -> int:
    """Of the keys that the device has now."""
    [number, _] = update({}, board, ("run", {"code": LOADED}), "status")
    return number


LOADED = "__import__('airwaybill.keyring').keyring.load(ota, None) and ota.keys['keys']"


def test_rotation(tmp_path: Path) -> None:
    """One after the other, in turn in two slots; what signs from now on is the new key alone."""
    board = board_of(tmp_path)
    steps = [
        (keys(2, release=(LAPTOP,)), (ROOT_KEY,)),
        (keys(3, release=(LAPTOP,), root=(NEW_ROOT,)), (ROOT_KEY, NEW_ROOT)),
        (keys(4, release=(LAPTOP, OFFICE), root=(NEW_ROOT,), thresholds=(1, 2)), (NEW_ROOT,)),
    ]
    assert update(rotated(*steps), board) == [None]
    assert (number_of(board), set(slots(board))) == (4, {"keys0", "keys1"})
    assert update(good(), board)[0]["code"] == "unsigned"
    files = sign(served(), release_of("1.0.1"), by=(OFFICE, LAPTOP))
    assert update(files, board, *INSTALL, **FILES_ONLY) == ["1.0.1", *INSTALLED]


REFUSED = {
    "unsigned": (keys(2), (), "keys_unsigned"),
    "by-a-stranger": (keys(2), (STRANGER,), "keys_unsigned"),
    "by-a-release-key": (keys(2), (OFFICE,), "keys_unsigned"),
    "new-root-by-the-old-one": (keys(2, root=(NEW_ROOT,)), (ROOT_KEY,), "keys_unsigned"),
    "new-root-by-itself": (keys(2, root=(NEW_ROOT,)), (NEW_ROOT,), "keys_unsigned"),
    "threshold-by-one-key-twice": (
        keys(2, root=(ROOT_KEY, OFFICE), thresholds=(2, 1)),
        (ROOT_KEY, ROOT_KEY),
        "keys_unsigned",
    ),
    "skipped": (keys(3), (ROOT_KEY,), "keys_skipped"),
    "the-same-again": (keys(1), (ROOT_KEY,), "keys_skipped"),
    "another-product": (keys(2, product="other"), (ROOT_KEY,), "keys_product"),
    "lower-floor": (keys(2, floors=(4, 5)), (ROOT_KEY,), "keys_floor"),
    "key-twice": (keys(2, release=(OFFICE, OFFICE)), (ROOT_KEY,), "key_duplicate"),
    "threshold-too-high": (keys(2, thresholds=(1, 2)), (ROOT_KEY,), "keys_threshold"),
    "cut": (keys(2)[:-1], (ROOT_KEY,), "document_line_end"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_keys_that_do_not_count(tmp_path: Path, case: str) -> None:
    document, signers, code = REFUSED[case]
    board = board_of(tmp_path, keys(floors=(5, 5)))
    before = board.files()
    assert update(rotated((document, signers)), board)[0]["code"] == code
    assert board.files() == before


def test_one_byte_of_the_next_keys(tmp_path: Path) -> None:
    board = board_of(tmp_path)
    document = keys(2, release=(LAPTOP,))
    for at in range(0, len(document), 37):
        files = rotated((document, (ROOT_KEY,)))
        files["/keys/2.waybill"] = document[:at] + bytes([document[at] ^ 1]) + document[at + 1 :]
        assert "code" in update(files, board)[0], at
    assert slots(board) == {"keys": keys()}


@pytest.mark.parametrize("status", [b"HTTP/1.1 500 No", b"HTTP/1.1 302 Found\r\nLocation: ftp://x/"])
def test_only_404_and_403_are_none(tmp_path: Path, status: bytes) -> None:
    from scripted import scripted

    board = board_of(tmp_path)
    play = [status + b"\r\nContent-Length: 0\r\n\r\n"]
    with scripted(*[play] * 5) as server:
        [found] = board.run(server.port, "update")
    assert found["code"] in ("http_status", "http_refused")


def test_a_damaged_slot_is_not_absent(tmp_path: Path) -> None:
    """One that is damaged leaves the one before it; all, and the device takes nothing."""
    board = board_of(tmp_path)
    update(rotated((keys(2), (ROOT_KEY,)), (keys(3), (ROOT_KEY,))), board)
    home = board.root / "flash/waybill"
    assert set(slots(board)) == {"keys0", "keys1"}
    (home / "keys1").write_bytes(b"")
    assert number_of(board) == 2
    (home / "keys0").write_bytes((home / "keys0").read_bytes()[:100])
    assert [update(good(), board, step)[0]["code"] for step in ("update", "check")] == ["keys_lost", "keys_lost"]


def test_keys_that_are_gone(tmp_path: Path) -> None:
    """T6: absent means unsigned only if neither the record nor the setting says otherwise."""
    board = board_of(tmp_path)
    unsigned = served()
    assert update(unsigned, board)[0]["code"] == "unsigned"
    (board.root / "flash/waybill/keys").unlink()
    assert update(unsigned, board, settings={"signed": True})[0]["code"] == "keys_lost"
    assert update(unsigned, board) == ["1.0.1"]

    other = board_of(tmp_path / "other")
    assert update(good(), other, *INSTALL) == ["1.0.1", *INSTALLED]
    (other.root / "flash/waybill/keys").unlink()
    for says in ("files", "signed"):
        assert update(unsigned, other)[0]["code"] == "keys_lost"
        (other.root / "flash/waybill" / says).unlink()
    assert update(served(current=None), other) == ["1.0.1"]


def test_keys_are_taken_in_the_field(tmp_path: Path) -> None:
    """T3: after confirm(), and only by a device without keys."""
    board = Board(tmp_path / "board", RELEASES, "1.0.0")
    (board.root / "flash/keys.waybill").write_bytes(keys())
    take = ("take_keys", {"path": "/flash/keys.waybill"})
    files = served()
    found = update(files, board, "update", take, "start", "start", take, "confirm", take, take, **FILES_ONLY)
    assert found[1]["code"] == found[4]["code"] == "unfinished"
    assert found[5:] == [True, True, False]
    assert (
        update(served(current="1.0.1", target="1.0.0", allow_downgrade=True), board, **FILES_ONLY)[0]["code"]
        == "unsigned"
    )
    other = Board(tmp_path / "other", RELEASES, "1.0.0")
    (other.root / "flash/keys.waybill").write_bytes(keys()[:-30])
    before = other.files()
    absent = ("take_keys", {"path": "/flash/none.waybill"})
    assert [one["code"] for one in update({}, other, take, absent)] == ["document_line_end", "flash"]
    assert {**other.files(), "spec.json": b""} == {**before, "spec.json": b""}


@pytest.mark.parametrize("fat", [False, True], ids=["littlefs", "FAT"])
def test_keys_are_taken_on_a_full_flash(tmp_path: Path, fat: bool) -> None:
    """However little room is left, the device has the keys afterwards, or none, and can take them then."""
    board = Board(tmp_path / "board", RELEASES, "1.0.0")
    (board.root / "flash/keys.waybill").write_bytes(keys())
    take = ("take_keys", {"path": "/flash/keys.waybill"})
    results = []
    code = ("fill('/flash/full')", "os.remove('/flash/room')", "os.remove('/flash/full')")
    filling, room, emptying = [("run", {"code": one}) for one in code]
    for size in range(0, 8192, 512):
        (board.root / "flash/room").write_bytes(bytes(size))
        steps = (filling, room, take, emptying, take, "update")
        _, _, first, _, second, last = update(served(), board, *steps, blocks=60, fat=fat)
        assert last["code"] == "unsigned"
        results.append((first if first is True else first["code"], second))
    assert set(results) == {("space", True), (True, False)}


def test_a_record_that_a_cut_has_left_is_no_keys(tmp_path: Path) -> None:
    """Unless record, waybill or setting say that there were some; one that is whole and alone gets its second."""
    board = Board(tmp_path / "board", RELEASES, "1.0.0")
    home = board.root / "flash/waybill"
    (board.root / "flash/keys.waybill").write_bytes(keys())
    take = ("take_keys", {"path": "/flash/keys.waybill"})
    (home / "keys0").write_bytes(b"")
    assert update(served(), board, "check", settings={"signed": True})[0]["code"] == "keys_lost"
    assert update(served(), board, "check")[0]["version"] == "1.0.1"
    assert update({}, board, take, take) == [True, False]
    whole = slots(board)
    assert set(whole) == {"keys0", "keys1"}
    for name in whole:
        (home / name).unlink()
        assert update(served(), board)[0]["code"] == "unsigned"
        assert set(slots(board)) == set(whole)
    for name in whole:
        (home / name).write_bytes(b"")
    assert update(served(), board)[0]["code"] == "keys_lost"
    board = on_1_0_1(tmp_path / "signed")
    (board.root / "flash/waybill/keys").unlink()
    (board.root / "flash/waybill/keys1").write_bytes(b"")
    assert update(served(), board)[0]["code"] == "keys_lost"


def later(tmp_path: Path, sequence: int, target: str = "1.0.2", current: str | None = "1.0.1") -> Files:
    """What a server has for a device on 1.0.1: `target`, signed with this sequence."""
    releases = tmp_path / "later"
    if not releases.exists():
        shutil.copytree(RELEASES, releases)
        shutil.copytree(releases / "1.0.1", releases / "1.0.2")
        (releases / "1.0.2/flash/main.py").write_bytes(b"# 1.0.2")
    files = served(releases, target, current, allow_downgrade=True)
    return sign(files, release_of(target, releases, sequence=sequence))


def on_1_0_1(tmp_path: Path, document: bytes | None = None, sequence: int = 17) -> Board:
    board = board_of(tmp_path, document)
    files = sign(served(), release_of("1.0.1", sequence=sequence))
    assert update(files, board, *INSTALL, **FILES_ONLY) == ["1.0.1", *INSTALLED]
    return board


def test_sequences(tmp_path: Path) -> None:
    """T5: what was confirmed is the least; an equal one is of the same release."""
    board = on_1_0_1(tmp_path)
    for sequence in (1, 16, 17):
        assert update(later(tmp_path, sequence), board, **FILES_ONLY)[0]["code"] == "sequence_low", sequence
    # Replay of the old release.
    assert update(later(tmp_path, 16, "1.0.0"), board, **FILES_ONLY)[0]["code"] == "sequence_low"
    # A planned downgrade has a higher one.
    assert update(later(tmp_path, 18, "1.0.0"), board, *INSTALL, **FILES_ONLY) == ["1.0.0", *INSTALLED]
    assert head_of(board)["signed"]["release"] == [18, "1.0.0"]


def test_a_release_on_trial_does_not_raise_it(tmp_path: Path) -> None:
    board = on_1_0_1(tmp_path)
    assert update(later(tmp_path, 30), board, *INSTALL[:3], "rollback", "start", **FILES_ONLY)[3] is True
    assert head_of(board)["signed"]["release"] == [17, "1.0.1"]
    assert update(later(tmp_path, 18), board, ("update", {"retry": True}), **FILES_ONLY) == ["1.0.2"]


def test_allow_downgrade(tmp_path: Path) -> None:
    """The device may be told to; the floor holds even then, and the highest stays."""
    board = on_1_0_1(tmp_path, keys(floors=(10, 0)))
    asked = ("update", {"allow_downgrade": True})
    assert update(later(tmp_path, 9, "1.0.0"), board, asked, **FILES_ONLY)[0]["code"] == "sequence_low"
    assert update(later(tmp_path, 10, "1.0.0"), board, asked, *INSTALL[1:], **FILES_ONLY) == ["1.0.0", *INSTALLED]
    assert head_of(board)["signed"]["release"] == [17, "1.0.1"]


def test_keys_that_leave_one_out_reset_it(tmp_path: Path) -> None:
    """T5: a thief may have signed up to the highest number; only the floor holds then."""
    board = on_1_0_1(tmp_path, keys(release=(OFFICE, STRANGER)), 2**31 - 1)
    more = rotated((keys(2, release=(OFFICE, STRANGER, LAPTOP), floors=(5, 0)), (ROOT_KEY,)))
    assert update({**more, **later(tmp_path, 20)}, board, **FILES_ONLY)[0]["code"] == "sequence_low"
    fewer = rotated(*[(b"", ())], (keys(3, release=(OFFICE,), floors=(20, 0)), (ROOT_KEY,)))
    assert update({**fewer, **later(tmp_path, 19)}, board, **FILES_ONLY)[0]["code"] == "sequence_low"
    assert update({**fewer, **later(tmp_path, 20)}, board, *INSTALL, **FILES_ONLY) == ["1.0.2", *INSTALLED]
    assert head_of(board)["signed"] == {"keys": 3, "release": [20, "1.0.2"], "firmware": None}


@pytest.mark.parametrize("damage", ["one-byte", "gone"])
def test_a_record_that_is_lost(tmp_path: Path, damage: str) -> None:
    """The waybill that confirm() has kept says the release's sequence; one that the keys have not signed does not."""
    for waybill, code in ((None, "sequence_low"), (b"airwaybill 1\n", None)):
        board = on_1_0_1(tmp_path / str(code))
        home = board.root / "flash/waybill"
        content = (home / "files").read_bytes()
        (home / "files").unlink()
        if damage == "one-byte":
            (home / "files").write_bytes(content[:-10] + bytes([content[-10] ^ 1]) + content[-9:])
        if waybill:
            (home / "signed").write_bytes(waybill)
        [found] = update(later(tmp_path, 16, "1.0.0", None), board, **FILES_ONLY)
        if not code:
            assert found == "1.0.0"
            continue
        assert found["code"] == code
        assert update(later(tmp_path, 18, "1.0.2", None), board, *INSTALL, **FILES_ONLY) == ["1.0.2", *INSTALLED]
        assert head_of(board)["signed"] == {"keys": 1, "release": [18, "1.0.2"], "firmware": None}


def test_firmware_has_its_own_sequence(tmp_path: Path) -> None:
    board = board_of(tmp_path)
    assert update(good(), board, *INSTALL) == ["1.0.1", *INSTALLED]
    assert head_of(board)["signed"] == {"keys": 1, "release": [17, "1.0.1"], "firmware": [3, "1.0.1"]}


def test_product(tmp_path: Path) -> None:
    """Keys of another product make another device."""
    board = board_of(tmp_path, keys(product="door-lock"))
    [found] = update(good(), board)
    assert (found["code"], PRODUCT in found["detail"]) == ("signed_mismatch", True)
    assert board.release() == tree(RELEASES / "1.0.0")
