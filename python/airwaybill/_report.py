"""The report of a plan, which ``airwaybill plan`` prints with ``--markdown``, ``--csv`` or ``--html``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from . import _check, _signing
from ._core import Keys, report
from ._error import AirwaybillError

if TYPE_CHECKING:
    from ._core import Catalog, Finding, Listing, Plan, SigningStatus


def write(
    format: str, catalog: Catalog, listing: Listing, root: str, request: dict[str, Any], **options: Any
) -> tuple[str, list[Finding]]:
    """The report with all that is known of the releases below ``root``, and what their check found.

    ``listing`` has SHA-256; ``request`` has the arguments of `Catalog.plan`, ``options`` are more of those of `report`.
    """
    current, target = request["current"], request["target"]
    findings = _check.check(catalog, root, _devices(catalog, current, target), target=target)
    plan = catalog.plan(**request)
    image = None if plan is None or plan.firmware is None else plan.firmware.path
    text = report(
        plan,
        format,
        current=current,
        firmware_version=request["firmware_version"],
        before=_before(catalog, request, plan),
        sha256=next((entry["sha256"] for entry in listing.entries() if entry["path"] == image), None),
        findings=findings,
        signed=_signed(catalog, listing, root),
        **options,
    )
    return text, findings


def _devices(catalog: Catalog, current: str | None, target: str | None) -> tuple[str, ...]:
    """Those that the check is for: a release goes out to all on a release below, not to those on the last one alone."""
    versions = [release.version for release in catalog.releases]
    goes = versions[-1] if target is None else target
    below = versions[versions.index(goes) - 1] if goes in versions[1:] else None
    return () if current is None or current == below else (current,)


def _before(catalog: Catalog, request: dict[str, Any], plan: Plan | None) -> list[dict[str, Any]]:
    """The files that go, as the device has them."""
    decided = catalog.decide(**request)
    base = None if decided is None else decided[1]
    if plan is None or base is None:
        return []
    found = ((path, catalog.find(f"{base}/{path}")) for path in plan.delete)
    return [{"path": path, "size": file.size, "sha1": file.sha1} for path, file in found if file is not None]


def _signed(catalog: Catalog, listing: Listing, root: str) -> list[SigningStatus] | None:
    documents = _signing.documents(root)
    try:
        keys = Keys.newest(documents)
    except AirwaybillError:
        # There are none, or the check says what is wrong with them.
        return None
    return catalog.signed(keys, listing, documents, _signing.now())
