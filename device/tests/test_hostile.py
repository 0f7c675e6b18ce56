"""Manifests that a device must not take. Nothing on flash changes, and the error names the reason."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from answers import answering, manifest_of, served
from board import INSTALL, INSTALLED, ROOT, Board, tree
from content import sha1

RELEASES = ROOT / "examples" / "releases"
HASH = "0123456789abcdef0123456789abcdef01234567"


def good() -> dict[str, Any]:
    return manifest_of(RELEASES / "1.0.0", RELEASES / "1.0.1", "1.0.1", "1.0.0")


def entry(path: str, **more: object) -> dict[str, Any]:
    return {"URL": f"http://10.1.1.1/1.0.1/{path}", "dst_path": path, "hash": HASH, **more}


def text(manifest: dict[str, Any]) -> bytes:
    return json.dumps(manifest, sort_keys=True).encode()


def refused(tmp_path: Path, manifests: list[bytes], **spec: Any) -> list[dict[str, str]]:
    """What one board says to one manifest after the other, each refused."""
    board = Board(tmp_path / "board", RELEASES, "1.0.0", **spec)
    before = board.files()
    with answering(served(RELEASES, {})) as server:
        server.manifests = manifests
        results = board.run(server.port, *["update"] * len(manifests))
    assert board.files() == before
    return results


PATHS = {
    # D5: leaves the mount points.
    "etc/passwd": "path_mount",
    "main.py": "path_mount",
    "flash": "path_mount",
    "flash/../main.py": "path_segment",
    "../flash/main.py": "path_segment",
    "flash//main.py": "path_segment",
    "//flash/main.py": "path_absolute",
    "flash/a\\b": "path_backslash",
    "flash/a\nb": "path_control",
    "": "path_empty",
    "flash/" + "a" * 256: "path_segment_too_long",
    # D5: touches the journal, or what is staged beside it.
    "flash/waybill": "path_reserved",
    "flash/waybill/journal0": "path_reserved",
    "flash/waybill/version": "path_reserved",
    "flash/WAYBILL/journal0": "path_reserved",
    "sd/waybill/0123abcd/0/n0": "path_reserved",
}
# D9: a file may become a directory, and back, but not where something in it stays.
STANDS_IN_THE_WAY = {
    "flash/lib": "path_conflict",
    "flash/main.py/x": "path_conflict",
    "flash/main.py/x/y": "path_conflict",
}


@pytest.mark.parametrize("field", ["delete", "new", "update"])
def test_paths(tmp_path: Path, field: str) -> None:
    paths = PATHS if field == "delete" else {**PATHS, **STANDS_IN_THE_WAY}
    manifests = [text({**good(), field: [path if field == "delete" else entry(path)]}) for path in paths]
    results = refused(tmp_path, manifests)
    assert dict(zip(paths, [result["code"] for result in results])) == paths


def test_deletes_of_what_no_release_has_put_there(tmp_path: Path) -> None:
    """D13: they are none. `boot.py` is in no record (D7)."""
    manifest = good()
    manifest["delete"] += ["flash/boot.py", "flash/config.py", "flash/lib", "flash/none.py", "flash/notes.txt/x"]
    manifest["delete"].sort()
    board = Board(tmp_path / "board", RELEASES, "1.0.0")
    (board.root / "flash/config.py").write_text("KEY = 1")
    (board.root / "flash/notes.txt").write_text("of the user")
    with answering(served(RELEASES, manifest)) as server:
        assert board.run(server.port, *INSTALL) == ["1.0.1", *INSTALLED]
    own = {"flash/config.py": b"KEY = 1", "flash/notes.txt": b"of the user"}
    assert board.release() == {**tree(RELEASES / "1.0.1"), **own}


def test_names_like_others(tmp_path: Path) -> None:
    """D9: nothing of the client lies beside a file any more."""
    names = ["flash/lib/a.new", "flash/main.py.BAK", "flash/main.py.new"]
    manifest = good()
    manifest["new"] = [entry(name, hash=sha1(name.encode())) for name in names]
    files = served(RELEASES, manifest)
    files.update({f"/1.0.1/{name}": name.encode() for name in names})
    board = Board(tmp_path / "board", RELEASES, "1.0.0")
    with answering(files) as server:
        assert board.run(server.port, *INSTALL) == ["1.0.1", *INSTALLED]
    assert {name: board.release()[name] for name in names} == {name: name.encode() for name in names}


FIELDS: list[tuple[dict[str, Any], str, str]] = [
    # D14: for another device. Higher or not is what the server says, and `null` is a full install.
    ({"previous_version": "0.9"}, "previous_version", "for 0.9, but this is 1.0.0"),
    ({"version": ""}, "version_empty", ""),
    ({"version": "latest"}, "version_start", "latest"),
    # M5
    ({"version": 2}, "field_type", "version"),
    ({"previous_version": 1}, "field_type", "previous_version"),
    ({"new": {}}, "field_type", "new"),
    ({"new": ["flash/x"]}, "field_type", "new[0]"),
    ({"delete": [1]}, "field_type", "delete[0]"),
    ({"update": [entry("flash/a"), {**entry("flash/b"), "hash": 5}]}, "field_type", "update[1].hash"),
    ({"new": [entry("flash/a", hash="12")]}, "digest_invalid", "new[0].hash"),
    ({"new": [entry("flash/a", hash=HASH.upper())]}, "digest_invalid", "new[0].hash"),
    ({"new": [{"URL": "http://x/y", "dst_path": "flash/a"}]}, "field_missing", "new[0].hash"),
    ({"new": [entry("flash/a", size=-1)]}, "field_type", "new[0].size"),
    ({"new": [entry("flash/a", size=1.5)]}, "field_type", "new[0].size"),
    ({"new": [entry("flash/a", size=True)]}, "field_type", "new[0].size"),
    ({"new": [entry("flash/a", size=2**53)]}, "size_too_big", "new[0].size"),
    ({"new": [entry("flash/a", size=1), entry("flash/b")], "update": []}, "field_missing", "new[1].size"),
    ({"new": [entry("flash/a", size=1)], "update": []}, "field_missing", "total_size"),
    ({"new": [entry("flash/a", URL="ftp://x/flash/a")]}, "url_invalid", "new[0].URL"),
    ({"new": [entry("flash/a", URL="/flash/a")]}, "url_invalid", "new[0].URL"),
    ({"new": [entry("flash/a", URL="http://x/a b\r\nHost: y")]}, "url_invalid", "new[0].URL"),
    # P3: each path once, in order.
    ({"new": [entry("flash/b"), entry("flash/a")]}, "path_order", "flash/a"),
    ({"new": [entry("flash/a"), entry("flash/a")]}, "path_order", "flash/a"),
    ({"new": [entry("flash/a"), entry("/flash/b")], "update": [entry("flash/b")]}, "path_duplicate", "flash/b"),
    ({"delete": ["flash/main.py"]}, "path_duplicate", "flash/main.py"),
    # D6
    ({"firmware": {"URL": "http://x/firmware_2.0.hex", "hash": HASH}}, "firmware_unsupported", "firmware_2.0.hex"),
    ({"firmware": {"URL": "http://x/other.bin", "hash": HASH}}, "firmware_unsupported", "other.bin"),
    ({"firmware": {"URL": "http://x/firmware_2.0.bin"}}, "field_missing", "firmware.hash"),
    ({"firmware": None}, "field_type", "firmware"),
]


def test_fields(tmp_path: Path) -> None:
    results = refused(tmp_path, [text({**good(), **change}) for change, _, _ in FIELDS])
    for (change, code, detail), found in zip(FIELDS, results):
        assert (found["code"], found["detail"][: len(detail)]) == (code, detail), change


def test_missing_fields(tmp_path: Path) -> None:
    fields = ["delete", "new", "previous_version", "update", "version"]
    manifests = [text({key: value for key, value in good().items() if key != field}) for field in fields]
    assert refused(tmp_path, manifests) == [{"code": "field_missing", "detail": field} for field in fields]


def test_what_starts_the_device(tmp_path: Path) -> None:
    """D7: no ordinary release replaces or removes it, in whatever form."""
    board = Board(tmp_path / "board", RELEASES, "1.0.0")
    own = ["flash/airwaybill_boot/__init__.py", "flash/boot.py", "flash/lib/OTA.py"]
    for path in own:
        (board.root / path).parent.mkdir(exist_ok=True)
        (board.root / path).write_text("old")
    before = {path: board.release()[path] for path in own}
    manifest = good()
    manifest["delete"] = sorted([*manifest["delete"], "flash/airwaybill_boot/__init__.py", "flash/lib/OTA.py"])
    brought = ["flash/airwaybill_boot.mpy", "flash/airwaybill_boot/x.py", "flash/lib/OTA.mpy", "flash/lib/OTA/x.py"]
    manifest["new"] = sorted(manifest["new"] + [entry(path) for path in brought], key=lambda one: one["dst_path"])
    manifest["update"] = [entry("flash/boot.py"), *manifest["update"]]
    with answering(served(RELEASES, manifest)) as server:
        assert board.run(server.port, *INSTALL) == ["1.0.1", *INSTALLED]
    assert board.release() == {**tree(RELEASES / "1.0.1"), **before}


TEXTS = {
    b"": "json_invalid",
    b"{": "json_invalid",
    b"not found": "json_invalid",
    b"<html></html>": "json_invalid",
    b"[]": "field_type",
    b"7": "field_type",
    b'"1.0.1"': "field_type",
    b"{}": "field_missing",
    b"null null": "json_invalid",
    b'{"version": "1.0.1" "new": []}': "json_invalid",
    b'{"version": "1.0.1",}': "json_invalid",
    b'{"version" "1.0.1"}': "json_invalid",
    b"{version: 1}": "json_invalid",
    b'{"delete": [,]}': "json_invalid",
    b'{"delete": [], "delete": []}': "json_invalid",
    b'{"version": "1.0\xff"}': "json_invalid",
    b'{"version": "1.0\n"}': "json_invalid",
    b'{"version": "\\x"}': "json_invalid",
    b'{"total_size": 01}': "json_invalid",
    b'{"a": ' + b"[" * 5000 + b"]" * 5000 + b"}": "json_invalid",
    b'{"a": "' + b"x" * 20000 + b'"}': "json_invalid",
    b'{"delete": ["flash/' + b"a/" * 4000 + b'x"]}': "path_too_long",
}


def test_texts(tmp_path: Path) -> None:
    results = refused(tmp_path, list(TEXTS))
    assert dict(zip(TEXTS, [result["code"] for result in results])) == TEXTS


def test_ten_megabytes(tmp_path: Path) -> None:
    manifest = good()
    manifest["delete"] = [f"flash/{number:060}" for number in range(150_000)]
    assert len(text(manifest)) > 10_000_000
    assert refused(tmp_path, [text(manifest)])[0]["code"] == "manifest_size"


def test_ten_megabytes_without_a_length(tmp_path: Path) -> None:
    board = Board(tmp_path / "board", RELEASES, "1.0.0")
    before = board.files()
    with answering({"/manifest.json": b" " * 10_000_000}, no_length=True) as server:
        assert board.run(server.port, "update", heap="256K", board=None)[0]["code"] == "manifest_size"
    assert board.files() == before


def test_a_manifest_that_fills_a_small_heap(tmp_path: Path) -> None:
    manifest = good()
    manifest["new"] = [entry(f"flash/{number:04}/{'x' * 200}") for number in range(900)]
    board = Board(tmp_path / "board", RELEASES, "1.0.0", board=None)
    before = board.files()
    with answering({"/manifest.json": text(manifest)[:-9]}) as server:
        assert board.run(server.port, "update", heap="256K")[0]["code"] == "json_invalid"
    assert board.files() == before


def test_hashes_that_do_not_match(tmp_path: Path) -> None:
    manifest = good()
    manifest["update"][0]["hash"] = HASH
    board = Board(tmp_path / "board", RELEASES, "1.0.0")
    before = board.release()
    with answering(served(RELEASES, manifest)) as server:
        result, status = board.run(server.port, "update", "status")
    assert result == {"code": "hash_mismatch", "detail": "1.0.1/flash/main.py"}
    assert (status["state"], status["version"]) == ("downloading", "1.0.0")
    assert board.release() == before
    assert sum("flash/main.py" in line for line in server.asked) == 5


def test_the_release_before_this_one(tmp_path: Path) -> None:
    """D14: not taken, unless it is asked for."""
    back = manifest_of(RELEASES / "1.0.1", RELEASES / "1.0.0", "1.0.0", "1.0.1")
    board = Board(tmp_path / "board", RELEASES, "1.0.0")
    with answering(served(RELEASES, good())) as server:
        assert board.run(server.port, *INSTALL) == ["1.0.1", *INSTALLED]
    with answering(served(RELEASES, back)) as server:
        refused, *done = board.run(server.port, "update", ("update", {"allow_downgrade": True}), *INSTALL[1:])
    assert (refused["code"], refused["detail"]) == ("version_not_higher", "1.0.0 is the release before this one")
    assert done == ["1.0.0", *INSTALLED]
    assert board.release() == tree(RELEASES / "1.0.0")


def test_the_server_orders_versions(tmp_path: Path) -> None:
    """D14: by its scheme, which need not be the loose one; of the same name it is another release by its content."""
    for number, version in enumerate(["1.0.0-rc.1", "1.0.0"]):
        manifest = {**good(), "version": version}
        board = Board(tmp_path / f"board_{number}", RELEASES, "1.0.0")
        with answering(served(RELEASES, manifest)) as server:
            assert board.run(server.port, *INSTALL) == [version, *INSTALLED]
        assert board.release() == tree(RELEASES / "1.0.1")


def test_a_full_install_by_null(tmp_path: Path) -> None:
    """D13, D14: a server that does not know the device's release. What was that release's goes."""
    whole = {"delete": [], "previous_version": None, "update": [], "version": "1.0.1"}
    paths = sorted(tree(RELEASES / "1.0.1"))
    whole["new"] = [entry(path, hash=sha1((RELEASES / "1.0.1" / path).read_bytes())) for path in paths]
    board = Board(tmp_path / "board", RELEASES, "1.0.0")
    (board.root / "flash/config.py").write_text("KEY = 1")
    with answering(served(RELEASES, whole)) as server:
        assert board.run(server.port, *INSTALL) == ["1.0.1", *INSTALLED]
    assert board.release() == {**tree(RELEASES / "1.0.1"), "flash/config.py": b"KEY = 1"}


def test_nothing_but_unknown_fields(tmp_path: Path) -> None:
    """M5: unknown fields are kept out of the way."""
    manifest = {**good(), "a": [{"b": [1.5e3, None, True, '\\u00e9"']}, {}], "z": -1}
    manifest["new"][0]["extra"] = {"size": [1]}
    board = Board(tmp_path / "board", RELEASES, "1.0.0")
    with answering(served(RELEASES, manifest)) as server:
        assert board.run(server.port, "update") == ["1.0.1"]
