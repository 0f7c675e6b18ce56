"""What a run has to do (rules S3 to S5)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from airwaybill._core import is_patch
from airwaybill._options import CHECK_FAILED, CommandError
from airwaybill._signing import text_of
from airwaybill._terminal import shown
from airwaybill.publish.items import YEAR_SECONDS, Item, is_manifest
from airwaybill.publish.record import Entry, Record
from airwaybill.publish.stores import Stored

Entries = Mapping[str, Entry]


class Plan(NamedTuple):
    """``put`` is in order of stages; ``withdrawn`` are manifests, deleted when the others are there, ``due`` goes last.

    ``claimed`` is the record before the first put, ``ended`` what is different in it after the last. ``is_takeover``
    says that the run before did not end; it may be under way.
    """

    put: list[Item]
    kept: list[Item]
    withdrawn: list[str]
    due: list[str]
    claimed: dict[str, Entry]
    ended: dict[str, Entry]
    is_done: bool
    is_takeover: bool

    @property
    def waiting(self) -> int:
        """How many are unused, and deleted by a later run."""
        ended = {**self.claimed, **self.ended}.values()
        return sum(entry.unused is not None and entry.deleted is None for entry in ended)

    @classmethod
    def of(cls, items: Sequence[Item], record: Record, stored: Mapping[str, Stored], now: float, grace: float) -> Plan:
        """``grace`` is for how many seconds an object stays that no manifest names any more.

        Raises `CommandError` with code ``release_changed``.
        """
        # What no cache has any more is forgotten.
        forgotten = text_of(now - YEAR_SECONDS)
        entries = {
            key: entry for key, entry in record.entries.items() if entry.deleted is None or entry.deleted > forgotten
        }
        _refuse_changed(items, entries)
        there = {one.key for one in items if is_there(one, entries.get(one.key), stored.get(one.key))}
        kept, put = ([one for one in items if (one.key in there) is wanted] for wanted in (True, False))
        published = {one.key for one in items}
        others = {key: entry for key, entry in entries.items() if key not in published}
        withdrawn = sorted(filter(is_manifest, others))
        ended = _ended(others, text_of(now), text_of(max(0.0, now - grace)))
        due = sorted(key for key, entry in {**others, **ended}.items() if entry.deleted is not None and key in stored)
        claimed = _claimed(entries, kept, put, stored, text_of(now))
        is_takeover = record.run is not None
        is_done = not (put or withdrawn or ended or due or is_takeover) and claimed == record.entries
        return cls(put, kept, withdrawn, due, claimed, ended, is_done, is_takeover)


def _refuse_changed(items: Sequence[Item], entries: Entries) -> None:
    def is_changed(one: Item) -> bool:
        entry = entries.get(one.key, Entry())
        # What no run was seen to put, no manifest has named.
        return one.immutable and entry.put is not None and entry.sha1 != one.sha1

    changed = [one.key for one in items if is_changed(one)]
    if changed:
        others = f" and {len(changed) - 1} more" if len(changed) > 1 else ""
        rule = "published with other bytes, which caches keep for a year"
        advice = "give what changed a new version"
        if is_patch(changed[0]):
            advice = "`airwaybill delta` makes it anew if it is damaged; if not, remove it: devices do without"
        raise CommandError(CHECK_FAILED, "release_changed", f"{shown(changed[0])}{others}: {rule}; {advice}")


def is_there(one: Item, entry: Entry | None, stored: Stored | None) -> bool:
    """Whether the store has these bytes: if it has an object of that size, it is what a run put there."""
    if entry is None or stored is None or entry.deleted is not None:
        return False
    is_same = None in (entry.etag, stored.etag) or entry.etag == stored.etag
    return (entry.sha1, entry.size) == (one.sha1, stored.size) and is_same


def _ended(others: Entries, now: str, limit: str) -> dict[str, Entry]:
    """What is not published any more, but for manifests: first it is unused, then it is deleted."""
    waiting = {key: entry for key, entry in others.items() if entry.deleted is None and not is_manifest(key)}
    # INVARIANT: this is written when no manifest is left that could name it, so the grace begins then.
    unused = {key: entry._replace(unused=now) for key, entry in waiting.items() if entry.unused is None}
    over = {key: entry._replace(deleted=now) for key, entry in waiting.items() if (entry.unused or now) <= limit}
    return {**over, **unused}


def _claimed(
    entries: Entries, kept: Sequence[Item], put: Sequence[Item], stored: Mapping[str, Stored], now: str
) -> dict[str, Entry]:
    # INVARIANT: it is true at whatever moment the run is killed. So it names what may be there then, with a SHA-1 only
    # where that can be no other.
    claimed = dict(entries)
    for one in kept:
        claimed[one.key] = entries[one.key]._replace(put=entries[one.key].put or now, unused=None)
    for one in put:
        before = entries.get(one.key, Entry())
        if one.immutable and before.put is not None:
            claimed[one.key] = before._replace(unused=None)
        elif one.immutable and (one.key not in stored or before.sha1 == one.sha1):
            claimed[one.key] = Entry(one.sha1, one.size)
        else:
            claimed[one.key] = Entry()
    return claimed
