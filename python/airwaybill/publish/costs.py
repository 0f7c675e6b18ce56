"""What a run costs, and what devices fetch then: the figures of ``--dry-run``."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from airwaybill import Catalog
from airwaybill.publish.items import HEAD, MANIFESTS, Item
from airwaybill.publish.plan import Plan

# Keys in a page of a listing, and in a request that deletes, as S3 has it.
AT_ONCE = 1000
KINDS = ("files", "signatures", "documents", "manifests", "head.json")


class Requests(NamedTuple):
    """Requests to a store like S3; among ``put`` are those that write the record."""

    get: int
    list: int
    put: int
    delete: int

    @classmethod
    def of(cls, plan: Plan, stored: int) -> Requests:
        """Of a run that lists ``stored`` objects."""
        stages = {item.stage for item in plan.put}
        claims = 2 + (MANIFESTS in stages or bool(plan.withdrawn)) + (HEAD in stages) + bool(plan.due)
        deleted = sum(_pages(len(keys)) for keys in (plan.withdrawn, plan.due))
        lists = max(1, _pages(stored)) * (1 + plan.is_takeover)
        return cls(1, lists, len(plan.put) + (0 if plan.is_done else claims), deleted)


def _pages(count: int) -> int:
    return -(-count // AT_ONCE)


def of_kinds(plan: Plan) -> Iterator[dict[str, Any]]:
    """Number and bytes of the objects of each kind, and of those that are put."""
    for stage, kind in enumerate(KINDS):
        put, kept = ([item for item in items if item.stage == stage] for items in (plan.put, plan.kept))
        if put or kept:
            objects, size = len(put) + len(kept), total(put) + total(kept)
            yield {"kind": kind, "objects": objects, "size": size, "put": len(put), "put_size": total(put)}


def total(items: Iterable[Item]) -> int:
    return sum(item.size for item in items)


def of_devices(catalog: Catalog, base_url: str, documents: Mapping[str, bytes]) -> Iterator[dict[str, Any]]:
    """Requests and bytes, without headers, of a device with the highest release, with the one below it, and with none.

    They ask for patches, for each manifest twice, since nothing that a store says vouches for it, and if there are keys
    for the next ones, which are not there.
    """
    highest, *below = [release.version for release in catalog.releases[:-3:-1]]
    image = catalog.firmware[-1].version if catalog.firmware else None
    asked = any(name.startswith("keys/") for name in documents)
    for current, firmware_version in ((highest, image), *((version, None) for version in below), (None, None)):
        plan = catalog.plan(current, firmware_version=firmware_version)
        names = [] if plan is None else [plan.version, *([plan.firmware.path] if plan.firmware else [])]
        fetched = (
            [] if plan is None else [*plan.new, *plan.update, *plan.keep, *([plan.firmware] if plan.firmware else [])]
        )
        signed = [documents[name] for name in documents if any(name.startswith(f"{of}.waybill") for of in names)]
        manifest = catalog.manifest_json(base_url, current, firmware_version=firmware_version, format=3)
        yield {
            "from": current,
            "to": None if plan is None else plan.version,
            "requests": 2 + asked + len(signed) + len(fetched),
            "size": 2 * len(manifest) + sum(map(len, signed)) + (0 if plan is None else plan.patched_size),
        }
