"""What stands for itself: compared, hashed, copied, pickled and shown by what it holds."""

from __future__ import annotations

import copy
import json
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import airwaybill
from airwaybill import (
    Catalog,
    FileRecord,
    Keys,
    Listing,
    Manifest,
    Plan,
    Report,
    Signature,
    Verdict,
    Version,
    Waybill,
    verify_signed,
)

ONE, TWO = "1" * 40, "2" * 40


def a_catalog(sha1: str = ONE, scheme: str = "loose") -> Catalog:
    listing = [
        FileRecord("1.0.0/flash/gone.py", 1, ONE),
        FileRecord("1.0.0/flash/main.py", 2, ONE),
        FileRecord("1.0.1/flash/main.py", 3, sha1),
        FileRecord("1.0.1/flash/new.py", 4, ONE),
        FileRecord("firmware_1.0.1.bin", 5, sha1),
        FileRecord("notes.txt", 6, ONE),
        FileRecord("readme.txt", 7, ONE),
    ]
    return Catalog.from_listing(listing, scheme=scheme)


def semver() -> Catalog:
    return a_catalog(scheme="semver")


def a_plan(sha1: str = ONE, current: str | None = "1.0.0") -> Plan:
    plan = a_catalog(sha1).plan(current)
    assert plan is not None
    return plan


def a_patched_plan(size: int = 1) -> Plan:
    """With a patch from the device's file, one from nothing, and one for the image."""
    listing = [FileRecord(f"1.0.{n}/{name}", 90, sha1) for n, sha1 in enumerate((ONE, TWO)) for name in "ab"[: n + 1]]
    images = [FileRecord(f"firmware_1.0.{n}.bin", 90, sha1) for n, sha1 in enumerate((ONE, TWO))]
    patches = [FileRecord(f"delta/{ONE}-{TWO}", size, ONE), FileRecord(f"delta/{TWO}", 30, ONE)]
    plan = Catalog.from_listing(listing + images, patches=patches).plan("1.0.0")
    assert plan is not None
    return plan


def a_manifest(sha1: str = ONE, format: int = 1) -> Manifest:
    return a_plan(sha1).manifest("http://van.local", format=format)


def a_report(sha1: str = ONE) -> Report:
    return airwaybill.verify_content(a_manifest(sha1), [FileRecord("1.0.1/flash/main.py", 3, TWO)])


def signed(file: str, name: str) -> Any:
    vectors = Path(__file__).parents[2] / "tests/vectors/waybill" / f"{file}.json"
    [case] = [case for case in json.loads(vectors.read_text("utf-8")) if case["name"] == name]
    return next(iter(case["input"].values()))


def a_waybill(name: str = "waybill") -> Waybill:
    return Waybill.parse(signed("documents", name))


def some_keys(name: str = "keys") -> Keys:
    return Keys.parse(signed("keys", name))


def a_signature(name: str = "signed") -> Signature:
    return Signature.parse(signed("verify", name)["signatures"][0]["content"])


def a_verdict(name: str = "signed") -> Verdict:
    case = signed("verify", name)
    files = {file["name"]: file["content"] for file in case["signatures"]}
    return verify_signed(case["document"], files, Keys.parse(case["keys"]), case["name"])


def pair(make: Callable[[str], Any]) -> tuple[Any, Any, Any]:
    """A value, the same made anew, and another."""
    return make(ONE), make(ONE), make(TWO)


VALUES: dict[str, tuple[Any, Any, Any]] = {
    "Version, loose": (Version("1.0"), Version("1.0"), Version("1.1")),
    "Version, semver": (Version("1.0.0", "semver"), Version("1.0.0", "semver"), Version("1.0.0")),
    "FileRecord": pair(lambda sha1: FileRecord("a", 1, sha1)),
    "Notice": (a_catalog().ignored[0], a_catalog().ignored[0], a_catalog().ignored[1]),
    "Firmware": pair(lambda sha1: a_catalog(sha1).firmware[0]),
    "Object": pair(lambda sha1: a_catalog(sha1).objects()[2]),
    "Object, made": (a_catalog().objects()[-1], a_catalog().objects()[-1], a_catalog().objects()[-2]),
    "Release": pair(lambda sha1: a_catalog(sha1).releases[1]),
    "Release, semver": (semver().releases[1], semver().releases[1], a_catalog().releases[1]),
    "PlanFile": pair(lambda sha1: a_plan(sha1).update[0]),
    "Plan": pair(a_plan),
    "Plan, patches": (a_patched_plan(), a_patched_plan(), a_patched_plan(2)),
    "Plan, semver": (semver().plan("1.0.0"), semver().plan("1.0.0"), a_plan()),
    "Plan, full install": (a_plan(current=None), a_plan(current=None), a_plan()),
    "Manifest": pair(a_manifest),
    "Manifest, format 2": (a_manifest(format=2), a_manifest(format=2), a_manifest()),
    "Report": pair(a_report),
    "Problem": pair(lambda sha1: a_report(sha1).problems[-1]),
    "Waybill": (a_waybill(), a_waybill(), a_waybill("waybill-keep")),
    "Keys": (some_keys(), some_keys(), some_keys("keys-floors")),
    "Signature": (a_signature(), a_signature(), a_signature("signed-by-a-stranger")),
    "PublicKey": (a_signature().key, a_signature().key, a_signature("signed-by-a-stranger").key),
    "Verdict": (a_verdict(), a_verdict(), a_verdict("signed-not")),
    "Content": pair(lambda sha1: a_report(sha1).problems[-1].expected),
}


@pytest.mark.parametrize("name", VALUES)
def test_equal_when_they_hold_the_same(name: str) -> None:
    value, same, other = VALUES[name]
    assert value is not same
    assert value == same
    assert hash(value) == hash(same)
    assert value != other
    assert value != "another type"


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
@pytest.mark.parametrize("name", VALUES)
def test_pickled_and_copied(name: str, protocol: int) -> None:
    value, _, other = VALUES[name]
    for again in (pickle.loads(pickle.dumps(value, protocol)), copy.copy(value), copy.deepcopy(value)):
        assert type(again) is type(value)
        assert again == value
        assert again != other
        assert repr(again) == repr(value)


def test_a_listing_is_the_same_elsewhere(site: Path) -> None:
    listing = Listing.scan(site, sha256=True)
    for again in (pickle.loads(pickle.dumps(listing)), copy.deepcopy(listing)):
        assert again == listing
        assert again.entries() == listing.entries()
        assert (again.changed, again.arrived) == (listing.changed, listing.arrived)


@pytest.mark.parametrize(("plan", "format"), [(a_plan(), 2), (a_patched_plan(), 3)])
def test_a_plan_from_elsewhere_renders_the_same_document(plan: Plan, format: int) -> None:
    again = pickle.loads(pickle.dumps(plan))
    assert again.to_dict() == plan.to_dict()
    document = plan.manifest("http://van.local", format=format).to_json()
    assert again.manifest("http://van.local", format=format).to_json() == document


def test_a_plan_says_what_is_fetched_with_patches() -> None:
    plan = a_patched_plan()
    assert (plan.download_size, plan.patched_size) == (270, 1 + 30 + 1)
    assert plan.manifest("http://van.local", format=3).to_dict()["total_size"] == plan.patched_size
    assert (a_plan().download_size, a_plan().patched_size) == (12, 12)


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (Version("1.0.1b"), "Version('1.0.1b')"),
        (Version("1.0.1-rc.1", "semver"), "Version('1.0.1-rc.1', 'semver')"),
        (FileRecord("it's", 1, ONE), f"""FileRecord(path="it's", size=1, sha1='{ONE}', sha256=None)"""),
        (a_catalog().firmware[0], f"Firmware(path='firmware_1.0.1.bin', version='1.0.1', size=5, sha1='{ONE}')"),
        (
            a_catalog().objects(formats=[])[5],
            "Object(key='head.json', kind='head', content_type='application/json', cache='no-cache', "
            "size=None, sha1=None)",
        ),
        (a_catalog().releases[1], "<Release 1.0.1: 2 files>"),
        (a_plan(), "<Plan 1.0.0 -> 1.0.1: 1 deleted, 1 new, 1 updated, firmware 1.0.1>"),
        (a_plan(current=None), "<Plan nothing -> 1.0.1: 0 deleted, 2 new, 0 updated, firmware 1.0.1>"),
        (a_manifest(), "<Manifest 1.0.0 -> 1.0.1: 1 deleted, 1 new, 1 updated, firmware>"),
        (a_report().problems[0].found, f"Content(size=3, sha1='{TWO}')"),
        (
            airwaybill.verify_device(a_catalog(), "1.0.1", a_catalog().releases[1].files),
            "Report(checked=2, problems=[])",
        ),
        (a_waybill(), "<Waybill 1.0.1.waybill of smart-meter: sequence 17, 4 files>"),
        (some_keys(), "<Keys 1 of smart-meter: 1 root, 1 release>"),
        (a_signature(), f"<Signature of {a_signature().key.fingerprint}>"),
        (a_signature().key, f"PublicKey('{a_signature().key}')"),
        (a_verdict("signed-not"), f"Verdict(reasons={a_verdict('signed-not').reasons}, signers=[], skipped=[])"),
        (a_catalog(), "<Catalog: 2 releases, 1 firmware images>"),
        (Listing.scan(Path(__file__).parents[2] / "examples/releases"), "<Listing: 21 entries>"),
    ],
)
def test_shown(value: object, shown: str) -> None:
    assert repr(value) == shown


def test_a_report_is_true_when_everything_is_right() -> None:
    catalog = a_catalog()
    assert airwaybill.verify_device(catalog, "1.0.1", catalog.releases[1].files)
    assert not airwaybill.verify_device(catalog, "1.0.1", [])
