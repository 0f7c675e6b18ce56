"""``publish.json``: what was put when, and what is to be deleted since when (rule S4)."""

from __future__ import annotations

import json
from typing import Any, NamedTuple

from airwaybill._options import CHECK_FAILED, CommandError

KEY = "publish.json"
FORMAT = 1


class Entry(NamedTuple):
    """An object that a run put, or was to put: then it has no time ``put``. Times are as documents have them.

    ``sha1`` and ``size`` of its bytes; without, the store may have any. ``etag`` is the store's name for them. From
    ``unused`` on no manifest names it; at ``deleted`` it was deleted, but caches may have it still.
    """

    sha1: str | None = None
    size: int | None = None
    etag: str | None = None
    put: str | None = None
    unused: str | None = None
    deleted: str | None = None


class Record(NamedTuple):
    """The objects by key, and the run that writes, or did not end."""

    entries: dict[str, Entry]
    run: str | None = None

    @classmethod
    def parse(cls, data: bytes) -> Record:
        """Raises `CommandError` with code ``record_invalid``."""
        try:
            document = json.loads(data)
            if document["format"] != FORMAT:
                raise ValueError(f"its format is {document['format']!r}, expected {FORMAT}")
            entries = {key: Entry(**fields) for key, fields in document["objects"].items()}
            return cls(entries, document["run"])
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            advice = "bring back what airwaybill wrote, or remove it: then everything is put again"
            raise CommandError(CHECK_FAILED, "record_invalid", f"{KEY}: {error}; {advice}") from None

    def render(self, at: str) -> bytes:
        """The document, with a line for each object; ``at`` is when it is written."""
        lines = (f"{json.dumps(key)}: {json.dumps(_fields(entry))}" for key, entry in sorted(self.entries.items()))
        head = f'"format": {FORMAT}, "at": {json.dumps(at)}, "run": {json.dumps(self.run)}'
        return '{{{}, "objects": {{\n{}\n}}}}\n'.format(head, ",\n".join(lines)).encode()


def _fields(entry: Entry) -> dict[str, Any]:
    return {name: value for name, value in entry._asdict().items() if value is not None}
