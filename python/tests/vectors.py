"""Runs the package on the input of a shared vector."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import airwaybill

FOLDER = Path(__file__).parents[2] / "tests" / "vectors"
AREAS = ("version", "path", "catalog", "plan", "manifest", "verify")


def cases(area: str) -> list[dict[str, Any]]:
    found = [case for file in sorted((FOLDER / area).glob("*.json")) for case in json.loads(file.read_text("utf-8"))]
    assert found, f"no vectors for {area}"
    return found


def run(area: str, given: Any) -> dict[str, Any]:
    """The outcome in the vectors' form: ``ok`` or ``code``."""
    try:
        return {"ok": RUNNERS[area](given)}
    except airwaybill.AirwaybillError as error:
        return {"code": error.code}


def catalog_of(given: dict[str, Any]) -> airwaybill.Catalog:
    return airwaybill.Catalog.from_listing(given["listing"], **given.get("options", {}))


def request_of(given: dict[str, Any]) -> dict[str, Any]:
    return dict(given.get("request", {}))


def version(given: dict[str, Any]) -> str:
    versions = given.get("versions", "loose")
    left, right = (airwaybill.Version(given[side], versions) for side in ("left", "right"))
    order = {"less": left < right, "equal": left == right, "greater": left > right}
    [name] = [name for name, holds in order.items() if holds]
    return name


def path(given: str | dict[str, str]) -> str:
    return airwaybill.check_path(bytes.fromhex(given["hex"]) if isinstance(given, dict) else given)


def catalog(given: dict[str, Any]) -> dict[str, Any]:
    result = catalog_of(given)

    def fields(item: object, names: str) -> dict[str, Any]:
        return {name: getattr(item, name) for name in names.split()}

    return {
        "releases": [
            {"version": release.version, "files": [fields(file, "path size sha1") for file in release.files]}
            for release in result.releases
        ],
        "firmware": [fields(image, "path version size sha1") for image in result.firmware],
        "ignored": [fields(notice, "code path") for notice in result.ignored],
        "warnings": [fields(notice, "code path") for notice in result.warnings],
    }


def plan(given: dict[str, Any]) -> dict[str, Any] | None:
    result = catalog_of(given).plan(**request_of(given))
    return None if result is None else result.to_dict()


def manifest(given: dict[str, Any]) -> str:
    if "parse" in given:
        return airwaybill.Manifest.parse(given["parse"]).to_json()
    render = dict(given["render"])
    render["absolute_paths"] = render.pop("dst_paths", "relative") == "absolute"
    return catalog_of(given).manifest_json(**request_of(given), **render).decode()


def verify(given: dict[str, Any]) -> dict[str, Any]:
    if "manifest" in given:
        report = airwaybill.verify_content(airwaybill.Manifest.parse(given["manifest"]), given["found"])
    else:
        report = airwaybill.verify_device(catalog_of(given), given["version"], given["found"])
    return report.to_dict()


RUNNERS = {
    "version": version,
    "path": path,
    "catalog": catalog,
    "plan": plan,
    "manifest": manifest,
    "verify": verify,
}
