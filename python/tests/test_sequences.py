"""Which numbers releases get when they are signed, one by one or together, again, or after a floor (rule T5)."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from conftest import Call
from content import write
from signing_support import make_key, new_keys
from test_signing import judged, names

from airwaybill import Waybill


@pytest.fixture
def keys(tmp_path: Path) -> Path:
    return tmp_path / "keys"


@pytest.fixture
def sign(root: Path, keys: Path, call: Call) -> Callable[..., str]:
    """Signs with the key of the office, in a directory of two releases that has keys."""
    write(root, {"firmware_1.0.0.bin": b"zero", "firmware_1.0.1.bin": b"one"})
    new_keys(root, keys)

    def sign(*arguments: object) -> str:
        outcome = call("sign", root, *arguments, "--key", keys / "office")
        return outcome.err if outcome.code else "signed"

    return sign


def sequences(root: Path) -> list[int]:
    """Of the two releases and their images."""
    waybills = (root / f"{name}.waybill" for name in ("1.0.0", "1.0.1", "firmware_1.0.0.bin", "firmware_1.0.1.bin"))
    return [Waybill.parse(path.read_bytes()).to_dict()["sequence"] if path.exists() else 0 for path in waybills]


BOTH = ("1.0.0", "1.0.1")


@pytest.mark.parametrize(
    ("changed", "arguments", "wanted"),
    [
        (None, ["1.0.1"], [1, 2, 3, 4]),
        (None, ["1.0.1", "--expires", "2099-01-01T00:00:00Z"], [1, 2, 3, 4]),
        (None, ["1.0.1", "--needs-firmware", "1.0.1"], [1, 5, 3, 4]),
        (None, ["1.0.1", "--keep", "flash/lib.py"], [1, 5, 3, 4]),
        (None, ["1.0.1", "--sequence", "9"], [1, 9, 3, 10]),
        (None, [*BOTH, "--sequence", "9"], [9, 10, 11, 12]),
        ("1.0.1/flash/main.py", ["1.0.1"], [1, 5, 3, 4]),
        ("1.0.1/flash/more.py", ["1.0.1"], [1, 5, 3, 4]),
        ("firmware_1.0.1.bin", ["1.0.1"], [1, 2, 3, 5]),
        ("1.0.0/flash/main.py", [*BOTH], [5, 6, 3, 4]),
        ("firmware_1.0.0.bin", [*BOTH], [1, 2, 5, 6]),
    ],
)
def test_a_number_is_kept_for_the_same_files(
    sign: Callable[..., str], root: Path, call: Call, changed: str | None, arguments: list[str], wanted: list[int]
) -> None:
    assert (sign(*BOTH), sequences(root)) == ("signed", [1, 2, 3, 4])
    if changed is not None:
        write(root, {changed: b"changed\n"})
    assert (sign(*arguments), sequences(root)) == ("signed", wanted)
    keep = ["--keep", "flash/lib.py"] if "--keep" in arguments else []
    assert judged(call, root, *keep)["1.0.1"] == "yes"


@pytest.mark.parametrize(
    "arguments",
    [
        ["--sequence", "1"],
        ["--sequence", "2147483646"],
        ["--expires", "2020-01-01T00:00:00Z"],
    ],
    ids=["order", "range", "expired"],
)
def test_all_are_judged_before_one_is_signed(
    sign: Callable[..., str], root: Path, call: Call, arguments: list[str]
) -> None:
    assert sign("1.0.1") == "signed"
    before = {name: (root / name).read_bytes() for name in names(root)}
    assert sign("1.0.0", "firmware_1.0.1.bin", "firmware_1.0.0.bin", *arguments) != "signed"
    assert {name: (root / name).read_bytes() for name in names(root)} == before


def test_a_floor_is_where_numbers_begin(root: Path, keys: Path, sign: Callable[..., str], call: Call) -> None:
    assert sign(*BOTH) == "signed"
    laptop = make_key(keys, "laptop")
    change = ["--remove", f"{keys}/office.pub", "--release", f"{laptop}.pub", "--floor", "50"]
    assert call("keys", "rotate", root, *change).code == 0
    assert call("sign", root, "keys", "--key", keys / "root").code == 0
    # What no longer counts is in nobody's way: 1.0.1 has a lower number.
    assert call("sign", root, "1.0.0", "--key", laptop).code == 0
    assert sequences(root) == [50, 2, 51, 4]
    assert judged(call, root) == {
        "1.0.0": "yes",
        "1.0.1": "no",
        "firmware_1.0.0.bin": "yes",
        "firmware_1.0.1.bin": "no",
    }
    assert call("sign", root, "1.0.1", "--key", laptop).code == 0
    assert sequences(root) == [50, 52, 51, 53]
    assert set(judged(call, root).values()) == {"yes"}


@pytest.mark.parametrize(
    ("release", "image", "counts"),
    [
        ("1.0.1.bak", "firmware_1.0.1.bin.bak", True),
        ("1.0.1-old2", "firmware_1.0.1.bin.old", True),
        ("1.0.1 (copy)", "firmware_1.0.1.bin~", True),
        ("1.0.1~", "firmware_1.0.1.bin.disabled", True),
        ("1.0.1.bak2", "firmware_1.0.1.bak.bin", True),
        ("1.0.1.bak", "firmware_1.0.1.bin.txt.gz", False),
        ("1.0.1.1.bak", "firmware_1.0.1.bin.bak", False),
        ("1.0.1-rc1.bak", "firmware_1.0.1.bin.bak", False),
        ("docs/1.0.1", "firmware_1.0.1.bin.bak", False),
    ],
)
def test_a_planned_downgrade(
    root: Path, sign: Callable[..., str], call: Call, release: str, image: str, counts: bool
) -> None:
    assert sign(*BOTH) == "signed"
    shutil.move(root / "1.0.1", root / release)
    shutil.move(root / "firmware_1.0.1.bin", root / image)
    assert (sign("1.0.0", "--sequence", "5"), sequences(root)[::2]) == ("signed", [5, 6])
    outcome = call("verify", root)
    assert (outcome.code, "release_unknown" in outcome.out) == (0 if counts else 1, not counts)


FORGOTTEN = "what is signed has sequences up to 4, and devices forget their sequences with a key that goes"
NOTHING = "usage: nothing would change"


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--remove", "{keys}/office.pub", "--floor", "0"], f"warning: --floor 0: {FORGOTTEN}"),
        (["--remove", "{keys}/office.pub", "--floor", "4"], f"warning: --floor 4: {FORGOTTEN}"),
        (["--remove", "{keys}/office.pub", "--floor", "5"], None),
        (["--floor", "4"], None),
        (["--floor", "2147483647"], "warning: --floor 2147483647: it leaves 1 sequences, and a floor never falls"),
        (["--floor", "1073741824"], None),
        (["--floor", "0"], NOTHING),
        ([], NOTHING),
        (["--threshold-root", "1"], NOTHING),
    ],
)
def test_what_is_said_of_a_rotation(
    root: Path, keys: Path, sign: Callable[..., str], call: Call, options: list[str], said: str | None
) -> None:
    assert sign(*BOTH) == "signed"
    if "--remove" in options:
        options = [*options, "--release", f"{make_key(keys, 'laptop')}.pub"]
    outcome = call("keys", "rotate", root, *(part.format(keys=keys) for part in options))
    told = [line for line in outcome.err.splitlines() if "root key is" not in line]
    assert [line[: len(f"airwaybill: {said}")] for line in told] == ([] if said is None else [f"airwaybill: {said}"])
    assert (outcome.code, (root / "keys/2.waybill.draft").exists()) == ((2, False) if said == NOTHING else (0, True))


@pytest.mark.parametrize(
    "command",
    [
        ["sign", "{root}", "1.0.1", "--sequence", "-1"],
        ["sign", "{root}", "1.0.1", "--sequence", "0"],
        ["sign", "{root}", "1.0.1", "--sequence", "1" * 20],
        ["keys", "rotate", "{root}", "--threshold-root", "-1"],
        ["keys", "rotate", "{root}", "--threshold-release", "17"],
        ["keys", "rotate", "{root}", "--floor", "9999999999"],
        ["keys", "rotate", "{root}", "--floor", "-1"],
        ["check", "{root}", "--flash-size", "1" * 20],
    ],
    ids=" ".join,
)
def test_numbers_out_of_range_are_named(root: Path, call: Call, command: list[str]) -> None:
    outcome = call(*(part.format(root=root) for part in command))
    assert (outcome.code, outcome.err.split(": ")[1]) == (2, "usage")
    assert command[-2] in outcome.err


def test_what_no_image_that_goes_out_has_is_said(root: Path, sign: Callable[..., str], call: Call) -> None:
    for needs, warns in {"1.0.1": False, "v1.0.1": False, "1.0.2": True, "1.0.0": True, "-": False}.items():
        outcome = call("sign", root, "1.0.1", "--dry-run", "--needs-firmware", needs)
        wanted = f"airwaybill: warning: 1.0.1: it needs firmware {needs}; devices get "
        assert (outcome.code, outcome.err.startswith(wanted)) == (0, warns)
