"""What a run has to do: nothing twice, nothing changed, nothing deleted that somebody may need (rules S3 to S5)."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import pytest
from content import sha1

from airwaybill._options import CommandError
from airwaybill._signing import seconds_of, text_of
from airwaybill.publish.items import DOCUMENTS, FILES, HEAD, MANIFESTS, YEAR_SECONDS, Item
from airwaybill.publish.plan import Plan
from airwaybill.publish.record import Entry, Record
from airwaybill.publish.stores import Stored

NOW = float(seconds_of("2026-11-28T00:00:00Z"))
HOUR, DAY = 3600.0, 86400.0
STAGES = {
    "1.0.0/a": FILES,
    f"delta/{'a' * 40}": FILES,
    "1.0.1.waybill": DOCUMENTS,
    "m/2/-/-.json": MANIFESTS,
    "head.json": HEAD,
}
FILE, PATCH, DOCUMENT, MANIFEST, LIST = STAGES


def at(seconds: float) -> str:
    return text_of(NOW + seconds)


def item(key: str, data: bytes = b"new") -> Item:
    stage = STAGES[key]
    return Item(key, stage, "text/plain", "immutable" if stage == FILES else "no-cache", len(data), sha1(data))


def entry(data: bytes = b"new", etag: str | None = '"e"', put: str | None = at(-DAY), **fields: Any) -> Entry:
    return Entry(sha1(data), len(data), etag, put, **fields)


def plan(
    items: Mapping[str, bytes], entries: Mapping[str, Entry], stored: Mapping[str, Stored], run: str | None = None
) -> Plan:
    return Plan.of([item(key, data) for key, data in items.items()], Record(dict(entries), run), stored, NOW, DAY)


THERE = Stored(3, '"e"')


@pytest.mark.parametrize("key", STAGES)
@pytest.mark.parametrize(
    ("before", "stored", "is_put"),
    [
        pytest.param(None, None, True, id="new"),
        pytest.param(None, THERE, True, id="not ours, whatever it is"),
        pytest.param(entry(), THERE, False, id="the same"),
        pytest.param(entry(etag=None), Stored(3, None), False, id="the same, in a store without ETags"),
        pytest.param(entry(), None, True, id="gone from the store"),
        pytest.param(entry(), Stored(4, '"e"'), True, id="of another size in the store"),
        pytest.param(entry(), Stored(3, '"f"'), True, id="of another ETag in the store"),
        pytest.param(entry(unused=at(-HOUR)), THERE, False, id="published again before it was deleted"),
        pytest.param(entry(deleted=at(-HOUR)), None, True, id="published again after it was deleted"),
        pytest.param(entry(deleted=at(-HOUR)), THERE, True, id="published again, and its deletion was cut off"),
        pytest.param(Entry(), THERE, True, id="begun by a run that did not end, with bytes before it"),
        pytest.param(Entry(sha1(b"new"), 3), THERE, False, id="put by a run that did not end"),
        pytest.param(Entry(sha1(b"new"), 3), None, True, id="not put by a run that did not end"),
    ],
)
def test_nothing_is_put_twice(key: str, before: Entry | None, stored: Stored | None, is_put: bool) -> None:
    found = plan({key: b"new"}, {} if before is None else {key: before}, {} if stored is None else {key: stored})
    assert [one.key for one in found.put] == [key] * is_put
    assert [one.key for one in found.kept] == [key] * (not is_put)
    assert found.due == found.withdrawn == []
    assert not (is_put and found.is_done)


@pytest.mark.parametrize(
    ("key", "before", "refused"),
    [
        pytest.param(FILE, entry(b"old"), True, id="file"),
        pytest.param(FILE, entry(b"old", unused=at(-HOUR)), True, id="file that is not published at the moment"),
        pytest.param(FILE, entry(b"old", deleted=at(-DAY)), True, id="file that was deleted, which caches have"),
        pytest.param(FILE, entry(b"old", deleted=at(-YEAR_SECONDS - 1)), False, id="file that no cache has any more"),
        pytest.param(PATCH, entry(b"old"), True, id="patch"),
        pytest.param(FILE, Entry(sha1(b"old"), 3), False, id="file of a run that did not end: no manifest named it"),
        pytest.param(DOCUMENT, entry(b"old"), False, id="waybill, which may be signed again"),
        pytest.param(MANIFEST, entry(b"old"), False, id="manifest"),
        pytest.param(LIST, entry(b"old"), False, id="list"),
    ],
)
def test_a_release_does_not_change(key: str, before: Entry, refused: bool) -> None:
    if not refused:
        assert [one.key for one in plan({key: b"new"}, {key: before}, {key: THERE}).put] == [key]
        return
    advice = "remove it: devices do without" if key == PATCH else "give what changed a new version"
    with pytest.raises(CommandError, match=f"^{key}: published with other bytes, .* {advice}$") as caught:
        plan({key: b"new"}, {key: before}, {key: THERE})
    assert (caught.value.exit_code, caught.value.code) == (1, "release_changed")


@pytest.mark.parametrize("key", [FILE, DOCUMENT])
@pytest.mark.parametrize(
    ("before", "stored", "after", "is_due"),
    [
        pytest.param(entry(), THERE, entry(unused=at(0)), False, id="first it is unused"),
        pytest.param(entry(unused=at(-DAY + 1)), THERE, None, False, id="it waits"),
        pytest.param(entry(unused=at(-DAY)), THERE, entry(unused=at(-DAY), deleted=at(0)), True, id="it is deleted"),
        pytest.param(entry(unused=at(-DAY)), None, entry(unused=at(-DAY), deleted=at(0)), False, id="it was gone"),
        pytest.param(entry(deleted=at(-HOUR)), None, None, False, id="it is remembered"),
        pytest.param(entry(deleted=at(-HOUR)), THERE, None, True, id="its deletion was cut off"),
        pytest.param(Entry(), THERE, Entry(unused=at(0)), False, id="begun by a run that did not end"),
    ],
)
def test_what_is_not_published_any_more_is_deleted_later(
    key: str, before: Entry, stored: Stored | None, after: Entry | None, is_due: bool
) -> None:
    found = plan({}, {key: before}, {} if stored is None else {key: stored})
    assert found.claimed == {key: before}
    assert found.ended == ({} if after is None else {key: after})
    assert found.due == [key] * is_due
    assert found.is_done is (after is None and not is_due)
    assert found.waiting == ((after or before).deleted is None)


def test_a_grace_of_nothing_is_until_the_next_run() -> None:
    ended = Plan.of([], Record({FILE: entry()}), {FILE: THERE}, NOW, 0)
    assert (ended.due, ended.ended) == ([], {FILE: entry(unused=at(0))})
    later = Plan.of([], Record(ended.ended), {FILE: THERE}, NOW, 0)
    assert later.due == [FILE]


def test_a_grace_without_end_deletes_nothing() -> None:
    assert Plan.of([], Record({FILE: entry(unused=at(-DAY))}), {FILE: THERE}, NOW, math.inf).due == []


def test_a_deleted_object_is_forgotten_when_no_cache_has_it() -> None:
    found = plan({}, {FILE: entry(deleted=at(-YEAR_SECONDS))}, {})
    assert (found.claimed, found.ended, found.is_done) == ({}, {}, False)


def test_a_manifest_that_is_not_published_any_more_goes_at_once() -> None:
    found = plan({}, {MANIFEST: entry()}, {MANIFEST: THERE})
    assert (found.withdrawn, found.ended, found.due) == ([MANIFEST], {}, [])


@pytest.mark.parametrize(
    ("key", "before", "stored", "claimed"),
    [
        pytest.param(FILE, None, None, Entry(sha1(b"new"), 3), id="file: if it is there later, it is this"),
        pytest.param(FILE, None, THERE, Entry(), id="file, where something is already"),
        pytest.param(FILE, Entry(sha1(b"new"), 3), None, Entry(sha1(b"new"), 3), id="file, again"),
        pytest.param(FILE, Entry(sha1(b"old"), 3), THERE, Entry(), id="file, where an earlier run put another"),
        pytest.param(
            FILE, Entry(sha1(b"new"), 3), THERE, Entry(sha1(b"new"), 3, None, at(0)), id="file, that is there"
        ),
        pytest.param(FILE, entry(), None, entry(), id="file, which was published"),
        pytest.param(FILE, entry(unused=at(-HOUR)), THERE, entry(), id="file, which is used again"),
        pytest.param(MANIFEST, None, None, Entry(), id="manifest"),
        pytest.param(MANIFEST, entry(b"old"), THERE, Entry(), id="manifest, old or new"),
        pytest.param(MANIFEST, entry(), THERE, entry(), id="manifest that stays"),
    ],
)
def test_the_record_before_the_first_put_is_true_after_any(
    key: str, before: Entry | None, stored: Stored | None, claimed: Entry
) -> None:
    found = plan({key: b"new"}, {} if before is None else {key: before}, {} if stored is None else {key: stored})
    assert found.claimed == {key: claimed}


def test_a_run_that_did_not_end_is_ended() -> None:
    assert plan({FILE: b"new"}, {FILE: entry()}, {FILE: THERE}).is_done
    assert not plan({FILE: b"new"}, {FILE: entry()}, {FILE: THERE}, run="1f").is_done


def test_the_record_on_paper() -> None:
    record = Record({"a/é\n": entry(unused=at(0)), "b": Entry()}, "1f")
    document = record.render(at(1))
    assert Record.parse(document) == record
    assert len(document.splitlines()) == 4


@pytest.mark.parametrize(
    "document",
    [b"", b"[]", b"{}", b"null", b'{"format": 2, "run": null, "objects": {}}', b'{"format": 1, "objects": {}}', b"\xff"]
    + [
        b'{"format": 1, "run": null, "objects": ' + objects + b"}"
        for objects in (b"[]", b'{"a": 1}', b'{"a": {"b": 1}}')
    ],
)
def test_a_record_of_something_else_is_an_error(document: bytes) -> None:
    with pytest.raises(CommandError, match=r"^publish\.json: .*; bring back .*") as caught:
        Record.parse(document)
    assert (caught.value.exit_code, caught.value.code) == (1, "record_invalid")
