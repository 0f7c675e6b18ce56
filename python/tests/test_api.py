from __future__ import annotations

import hashlib
import inspect
import json
import operator
import pickle
from pathlib import Path
from typing import Any

import pytest

import airwaybill
from airwaybill import AirwaybillError, Catalog, FileRecord, Hasher, Manifest

EXAMPLES = Path(__file__).parents[2] / "examples" / "releases"
BASE_URL = "http://192.168.1.144:8000"


@pytest.fixture(scope="module")
def catalog() -> Catalog:
    return airwaybill.scan(EXAMPLES)


PUBLIC = [name for name in airwaybill.__all__ if name != "__version__"]
MEMBERS = [
    f"{name}.{member}"
    for name in PUBLIC
    for member in dir(getattr(airwaybill, name))
    if not member.startswith("_") and not hasattr(ValueError, member)
]


@pytest.mark.parametrize("name", [*PUBLIC, *MEMBERS])
def test_a_public_name_says_what_it_is(name: str) -> None:
    said = inspect.getdoc(operator.attrgetter(name)(airwaybill))
    assert said
    assert said.endswith(".")


@pytest.mark.parametrize("name", PUBLIC)
def test_a_public_name_is_in_the_table(name: str) -> None:
    assert f"`{name}" in (Path(__file__).parents[1] / "README.md").read_text("utf-8")


def test_manifest_text_is_that_of_the_json_module(catalog: Catalog) -> None:
    text = catalog.manifest_json(BASE_URL, "1.0.0", format=2).decode()
    assert text == json.dumps(json.loads(text), indent=4, sort_keys=True, ensure_ascii=False)


def test_one_document_by_every_way(catalog: Catalog) -> None:
    plan = catalog.plan("1.0.0")
    assert plan is not None
    manifest = plan.manifest(BASE_URL)
    text = manifest.to_json()
    assert catalog.manifest_json(BASE_URL, "1.0.0").decode() == text
    assert Manifest.parse(text) == Manifest.parse(text.encode()) == manifest
    assert airwaybill.generate_manifest(EXAMPLES, "1.0.0", "192.168.1.144:8000") == manifest.to_dict()
    assert manifest.to_dict() == json.loads(text)


def test_up_to_date(catalog: Catalog) -> None:
    assert catalog.plan("1.0.1") is None
    assert catalog.manifest_json(BASE_URL, "1.0.1") == b"null"
    assert airwaybill.generate_manifest(EXAMPLES, "1.0.1", "localhost") is None


def test_verify(catalog: Catalog) -> None:
    plan = catalog.plan("1.0.0")
    assert plan is not None
    report = airwaybill.verify_content(plan.manifest(BASE_URL), airwaybill.Listing.scan(EXAMPLES))
    assert (report.ok, report.checked, report.problems) == (True, 4, [])

    held = [file for file in catalog.releases[1].files if file.path != "flash/boot.py"]
    report = airwaybill.verify_device(catalog, "1.0.1", held)
    assert (report.ok, report.checked) == (False, 5)
    [problem] = report.problems
    assert (problem.kind, problem.path, problem.found) == ("missing", "flash/boot.py", None)


def test_find(catalog: Catalog) -> None:
    record = catalog.find("1.0.1/flash/main.py")
    content = (EXAMPLES / "1.0.1/flash/main.py").read_bytes()
    assert record == FileRecord("1.0.1/flash/main.py", len(content), hashlib.sha1(content).hexdigest())
    assert catalog.find("1.0.1/flash") is None
    assert catalog.find("firmware_9.bin") is None


def test_hasher() -> None:
    hasher = Hasher()
    for piece in (b"smart ", bytearray(b"me"), memoryview(b"t.e.r")[::2]):
        hasher.update(piece)
    assert hasher.finish() == hashlib.sha1(b"smart meter").hexdigest()


def test_records_are_values() -> None:
    record = FileRecord("1.0.0/a", 1, "0" * 40)
    assert record == FileRecord("1.0.0/a", 1, "0" * 40)
    assert len({record, FileRecord("1.0.0/a", 1, "0" * 40)}) == 1
    assert eval(repr(record)) == record
    with pytest.raises(AttributeError):
        record.size = 2  # type: ignore[misc]


def test_errors_name_the_value_and_the_rule(catalog: Catalog) -> None:
    with pytest.raises(AirwaybillError, match=r'"1\.0/x": .* is not allowed in a version') as caught:
        catalog.plan("1.0/x")
    assert caught.value.code == "version_character"
    assert isinstance(caught.value, ValueError)
    copy = pickle.loads(pickle.dumps(caught.value))
    assert (copy.code, str(copy)) == (caught.value.code, str(caught.value))


@pytest.mark.parametrize(
    ("path", "code"),
    [("flash/main.py", None), ("/flash", "path_absolute"), (b"\xff", "path_utf8"), ("\udcff", "path_utf8")],
)
def test_check_path(path: str | bytes, code: str | None) -> None:
    if code is None:
        assert airwaybill.check_path(path) == path
    else:
        with pytest.raises(AirwaybillError) as caught:
            airwaybill.check_path(path)
        assert caught.value.code == code


@pytest.mark.parametrize(
    ("options", "code"),
    [
        *(({"format": number}, "format_invalid") for number in (-1, 0, 4, 256, 1 << 40)),
        ({"dst_paths": "rooted"}, "field_type"),
    ],
)
def test_rendering_that_is_none(catalog: Catalog, options: dict[str, Any], code: str) -> None:
    with pytest.raises(AirwaybillError) as caught:
        catalog.manifest_json(BASE_URL, "1.0.0", **options)
    assert caught.value.code == code


def test_verify_follows_links(tmp_path: Path) -> None:
    (tmp_path / "1.0.1").mkdir()
    (tmp_path / "1.0.1/a").write_bytes(b"a")
    (tmp_path / "1.0.1/b").symlink_to("a")
    plan = airwaybill.scan(tmp_path).plan()
    assert plan is not None
    assert airwaybill.verify_content(plan.manifest(BASE_URL), airwaybill.Listing.scan(tmp_path)).ok


@pytest.mark.parametrize("host", ["", "evil.example/x@y:z", "a b", "host:99999"])
def test_a_host_that_is_none(host: str) -> None:
    with pytest.raises(AirwaybillError) as caught:
        airwaybill.generate_manifest(EXAMPLES, "1.0.0", host)
    assert caught.value.code == "host_invalid"
