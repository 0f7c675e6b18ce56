"""The model of ESP-IDF's boot loader: its `otadata` is that of esp-idf-defs, and it chooses as ESP-IDF does."""

from __future__ import annotations

import random
import sys

import pytest
from board import TESTS
from esp_idf_defs import OtaDataSelectEntry
from esp_idf_defs.otadata import OtaDataParameters, OtaImageState

sys.path.insert(0, str(TESTS / "model"))

import otadata
from devices import Chip, Log
from firmware import MAGIC, Esp32

NEW, PENDING, VALID, INVALID, ABORTED, UNDEFINED = (
    otadata.NEW,
    otadata.PENDING_VERIFY,
    otadata.VALID,
    otadata.INVALID,
    otadata.ABORTED,
    otadata.UNDEFINED,
)
EMPTY = (otadata.EMPTY, UNDEFINED)


def test_the_states_are_those_of_esp_idf() -> None:
    names = ("NEW", "PENDING_VERIFY", "VALID", "INVALID", "ABORTED", "UNDEFINED")
    assert {name: getattr(otadata, name) for name in names} == {name: OtaImageState[name].value for name in names}


def test_an_entry_is_that_of_esp_idf() -> None:
    assert len(otadata.pack(1, NEW)) == OtaDataSelectEntry.SIZE
    for seq in (1, 2, 77, 0xFFFFFFFE):
        for state in (NEW, PENDING, VALID, INVALID, ABORTED, UNDEFINED):
            data = otadata.pack(seq, state)
            assert data == OtaDataSelectEntry(seq, OtaImageState(state)).to_bytes()
            assert otadata.unpack(data) == (seq, state, True)


def test_set_boot_counts_on_as_esp_idf_does() -> None:
    chosen = random.Random(1)
    for _ in range(500):
        count = chosen.randrange(2, 6)
        seqs = chosen.sample(range(1, 50), 2)
        target = chosen.randrange(count)
        theirs = [OtaDataSelectEntry(seq, OtaImageState.VALID) for seq in seqs]
        entry, where = OtaDataSelectEntry.select(*theirs)
        assert entry is not None
        ours = [(seq, VALID, True) for seq in seqs]
        assert otadata.active(ours) == "ab".index(where)
        assert otadata.slot(ours, count) == entry.ota_slot(count)
        if target == entry.ota_slot(count):
            continue  # ESP-IDF writes the same number once more, and idftool, which it is from, the next
        after = OtaDataParameters(entry, where, count).incremented_and_swapped(target)
        assert after.otadata is not None
        sector, seq = otadata.successor(ours, target, count)
        assert (sector, seq) == ("ab".index(after.a_or_b), after.otadata.seq)


def loader(*entries: tuple[int, int], rollback: bool = True, images: str = "EE") -> Esp32:
    log = Log()
    chips = {name: Chip(log, name, 4096, 2, True) for name in ("otadata", "ota_0", "ota_1")}
    for sector, (seq, state) in enumerate(entries):
        if (seq, state) != EMPTY:
            chips["otadata"].write(sector * otadata.SECTOR, otadata.pack(seq, state))
    for number, image in enumerate(images):
        chips["ota_%d" % number].data[0] = MAGIC if image == "E" else 0xFF
    return Esp32(chips, rollback)


STARTS = [
    # what is there, what starts, what is there then
    ((EMPTY, EMPTY), 0, ((1, VALID), EMPTY)),
    (((1, VALID), EMPTY), 0, ((1, VALID), EMPTY)),
    (((1, VALID), (2, NEW)), 1, ((1, VALID), (2, PENDING))),
    (((1, VALID), (2, PENDING)), 0, ((1, VALID), (2, ABORTED))),
    (((1, VALID), (2, ABORTED)), 0, ((1, VALID), (2, ABORTED))),
    (((1, VALID), (2, INVALID)), 0, ((1, VALID), (2, INVALID))),
    (((3, NEW), (2, VALID)), 0, ((3, PENDING), (2, VALID))),
    (((3, PENDING), (2, VALID)), 1, ((3, ABORTED), (2, VALID))),
    (((1, UNDEFINED), (2, UNDEFINED)), 1, ((1, UNDEFINED), (2, UNDEFINED))),
]


@pytest.mark.parametrize(("before", "starts", "after"), STARTS)
def test_a_start(before: tuple, starts: int, after: tuple) -> None:
    board = loader(*before)
    assert board.start() == starts
    assert tuple(entry[:2] for entry in board.entries()) == after


def test_an_image_that_is_not_marked_valid_goes_at_its_second_start() -> None:
    board = loader((1, VALID), EMPTY)
    board.set_boot(1)
    assert [board.start(), board.start(), board.start()] == [1, 0, 0]


def test_the_active_entry_is_marked_whatever_runs() -> None:
    board = loader((1, VALID), EMPTY)
    board.start()
    board.set_boot(1)
    board.mark_valid()
    assert board.running == 0
    assert board.entries()[1][:2] == (2, VALID)


def test_the_old_image_that_is_not_marked_gives_way_to_the_new_one() -> None:
    """Why a way back has to start the old image and mark it."""
    board = loader((1, VALID), (2, VALID))
    board.start()
    board.set_boot(0)
    assert [board.start(), board.start()] == [0, 1]


def test_a_cut_in_marking_loses_the_entry() -> None:
    """ESP-IDF erases its sector first."""
    board = loader((1, VALID), (2, PENDING))
    board._otadata.log.keeps = True
    board.mark_valid()
    (_, start, erased), _ = board._otadata.log.writes
    board._otadata.data[start : start + len(erased)] = erased
    assert board.start() == 0


def test_without_rollback_nothing_is_marked() -> None:
    board = loader((1, UNDEFINED), EMPTY, rollback=False)
    board.set_boot(1)
    assert [board.start(), board.start()] == [1, 1]
    with pytest.raises(OSError, match="ESP_FAIL"):
        board.mark_valid()


def test_what_is_no_image_does_not_become_bootable() -> None:
    board = loader((1, VALID), EMPTY, images="E-")
    with pytest.raises(OSError, match=r"-5379.*ESP_ERR_OTA_VALIDATE_FAILED"):
        board.set_boot(1)
    assert board.boots() == 0


def test_a_partition_without_an_image_is_passed_over() -> None:
    board = loader((1, VALID), (2, VALID), images="E-")
    assert board.start() == 0
