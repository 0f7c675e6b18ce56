"""X3 and X5: files and firmware that come as patches; and where one is no good, the whole file comes."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import proxy
import pytest
from answers import answering
from board import INSTALL, INSTALLED, Board
from content import noise, sha1, write
from signed_device import Files, image_of, release_of, served, sign
from signing import keys
from test_patch import by_detools, compressed

BASE = "http://10.1.1.1:8000"
OLD = {
    "flash/main.py": b"import app\n" + noise(3000, 1),
    "flash/lib/app.py": noise(2500, 2),
    "flash/lib/gone.py": noise(200, 3),
    "sd/table.bin": noise(5000, 4),
}
NEW = {
    "flash/main.py": OLD["flash/main.py"][:2000] + b"# changed\n" + OLD["flash/main.py"][2000:],
    "flash/lib/app.py": OLD["flash/lib/app.py"][500:] + OLD["flash/lib/app.py"][:500],
    "flash/lib/new.py": b"report_s 900\n" * 90,
    "flash/lib/empty.py": b"",
    "sd/table.bin": bytes([byte ^ (at % 500 == 0) for at, byte in enumerate(OLD["sd/table.bin"])]),
}
OLD_IMAGE = b"\xe9" + noise(40_000, 5)
IMAGE = OLD_IMAGE[:20_000] + b"1.0.1" + OLD_IMAGE[20_000:] + noise(300, 6)


@pytest.fixture
def releases(tmp_path: Path) -> Path:
    for version, files, image in (("1.0.0", OLD, OLD_IMAGE), ("1.0.1", NEW, IMAGE)):
        write(tmp_path / "releases" / version, files)
        (tmp_path / "releases" / f"firmware_{version}.bin").write_bytes(image)
    return tmp_path / "releases"


def entry(files: Files, old: bytes | None, new: bytes) -> dict[str, Any]:
    """As format 3 has it, and puts the patch where it says."""
    patch = by_detools(old or b"", new)
    name = f"delta/{sha1(new)}" if old is None else f"delta/{sha1(old)}-{sha1(new)}"
    files[f"/{name}"] = patch
    base = {} if old is None else {"base": sha1(old)}
    return {"URL": f"{BASE}/{name}", "hash": sha1(patch), "size": len(patch), **base}


def good(releases: Path) -> Files:
    files = served(releases)
    manifest = json.loads(files["/manifest.json"])
    for one in manifest["new"] + manifest["update"]:
        path = one["dst_path"]
        one["patch"] = entry(files, OLD.get(path), NEW[path])
    files["/manifest.json"] = json.dumps(manifest, sort_keys=True).encode()
    return with_image(files, IMAGE)


def with_image(files: Files, image: bytes, old: bytes | None = OLD_IMAGE) -> Files:
    manifest = json.loads(files["/manifest.json"])
    manifest["firmware"]["patch"] = entry(files, old, image)
    if old is not None:
        manifest["firmware"]["patch"]["base_size"] = len(old)
    files["/manifest.json"] = json.dumps(manifest, sort_keys=True).encode()
    return files


def board_of(tmp_path: Path, releases: Path, **spec: Any) -> Board:
    board = Board(tmp_path / "board", releases, "1.0.0", **spec)
    (board.root / "ota_0").write_bytes(OLD_IMAGE + b"\xff" * 5000)
    return board


def install(board: Board, files: Files, *steps: Any, **spec: Any) -> list[str]:
    """What was asked for, of an update that brings the new release wholly."""
    with answering(files) as server:
        assert board.run(server.port, *(steps or INSTALL), **spec)[-4:] == ["1.0.1", *INSTALLED]
        asked = [line.split(" ")[1].split("?")[0] for line in server.asked]
    assert board.release() == NEW
    if board.spec.get("board", "esp32") == "esp32":
        assert (board.root / "ota_1").read_bytes()[: len(IMAGE)] == IMAGE
    left = {path for path in board.files() if path.split("/")[1] == "waybill"}
    assert left <= {f"flash/waybill/{name}" for name in ("files", "keys", "signed", "signed.sig", "version")}
    return [path for path in asked if path != "/manifest.json"]


def test_all_as_patches(tmp_path: Path, releases: Path) -> None:
    asked = install(board_of(tmp_path, releases), good(releases), watchdog=True)
    assert len(set(asked)) == 6, asked
    assert {path.split("/")[1] for path in asked} == {"delta"}


def test_signed(tmp_path: Path, releases: Path) -> None:
    """The SHA-256 of the waybill is that of what the patch makes."""
    board = board_of(tmp_path, releases)
    (board.root / "flash/waybill/keys").write_bytes(keys())
    files = sign(good(releases), release_of("1.0.1", releases), image_of("1.0.1", releases, sequence=3))
    asked = install(board, files)
    assert not [path for path in asked if path.startswith("/1.0.1/")]
    with answering(files) as server:
        assert board.run(server.port, "verify") == [{"checked": 5, "problems": [], "signed": True}]


def test_beside_other_tasks(tmp_path: Path, releases: Path) -> None:
    board = board_of(tmp_path, releases)
    with answering(good(releases)) as server:
        [[version, others]] = board.run(server.port, "update_async")
    assert version == "1.0.1"
    assert others > 10


def test_what_it_says(tmp_path: Path, releases: Path) -> None:
    files = good(releases)
    patches = sum(len(data) for path, data in files.items() if path.startswith("/delta/"))
    board = board_of(tmp_path, releases)
    with answering(files) as server:
        offer = board.run(server.port, "check")
    assert offer == [{"version": "1.0.1", "files": 5, "bytes": patches, "firmware": "1.0.1"}]


def in_patches(change: Callable[[bytes], bytes]) -> Callable[[Files], None]:
    """A patch with another content, of which the manifest knows."""

    def changed(files: Files) -> None:
        manifest = json.loads(files["/manifest.json"])
        for one in [*manifest["new"], *manifest["update"], manifest["firmware"]]:
            path = one["patch"]["URL"][len(BASE) :]
            patch = files[path] = change(files[path])
            one["patch"].update({"hash": sha1(patch), "size": len(patch)})
        files["/manifest.json"] = json.dumps(manifest, sort_keys=True).encode()

    return changed


def on_server(change: Callable[[bytes], bytes | None]) -> Callable[[Files], None]:
    def changed(files: Files) -> None:
        for path in [path for path in files if path.startswith("/delta/")]:
            data = change(files.pop(path))
            if data is not None:
                files[path] = data

    return changed


def flipped(data: bytes) -> bytes:
    return data[:-9] + bytes([data[-9] ^ 4]) + data[-8:]


BAD: dict[str, Callable[[Files], None]] = {
    "not-there": on_server(lambda _: None),
    "another": on_server(lambda data: data[:-1] + bytes([data[-1] ^ 1])),
    "longer": on_server(lambda data: data + bytes(5000)),
    "shorter": on_server(lambda data: data[:-1]),
    "damaged": in_patches(flipped),
    "cut": in_patches(lambda data: data[:-1]),
    "more-behind-it": in_patches(lambda data: data + b"x"),
    "of-another-size": in_patches(lambda _: by_detools(b"", b"x")),
    "no-patch": in_patches(lambda _: compressed(b"\x20\0")),
    "empty": in_patches(lambda _: b""),
}


@pytest.mark.parametrize("bad", BAD)
@pytest.mark.parametrize("is_signed", [False, True])
def test_a_bad_patch(tmp_path: Path, releases: Path, bad: str, is_signed: bool) -> None:
    """Never worse than one patch in vain."""
    files = good(releases)
    BAD[bad](files)
    board = board_of(tmp_path, releases)
    if is_signed:
        (board.root / "flash/waybill/keys").write_bytes(keys())
        sign(files, release_of("1.0.1", releases), image_of("1.0.1", releases, sequence=3))
    asked = install(board, files)
    assert len(set(asked)) == (17 if is_signed else 12)
    # What was asked for ahead of a response that is refused is asked for again.
    assert max(asked.count(path) for path in asked) <= 2, asked


def spoil_old_ones(board: Board) -> None:
    (board.root / "flash/main.py").write_bytes(b"changed by hand")
    (board.root / "ota_0").write_bytes(b"\xe9" + noise(50_000, 9))


def test_the_device_has_another_file(tmp_path: Path, releases: Path) -> None:
    board = board_of(tmp_path, releases)
    spoil_old_ones(board)
    asked = install(board, good(releases))
    assert f"/delta/{sha1(OLD['flash/main.py'])}-{sha1(NEW['flash/main.py'])}" not in asked
    assert {"/1.0.1/flash/main.py", "/firmware_1.0.1.bin"} <= set(asked)


@pytest.mark.parametrize("bad", [None, *BAD])
def test_progress_ends_with_all(tmp_path: Path, releases: Path, bad: str | None) -> None:
    files = good(releases)
    board = board_of(tmp_path, releases)
    if bad:
        BAD[bad](files)
    else:
        spoil_old_ones(board)
    with answering(files) as server:
        steps = [("update", {"progress": True}), ("run", {"code": "told"})]
        told = board.run(server.port, *steps)[-1]
    done, total, _ = told[-1]
    assert done == total, told[-1]
    assert all(now[0] <= now[1] for now in told)


def test_a_server_that_knows_no_patches(tmp_path: Path, releases: Path) -> None:
    board = board_of(tmp_path, releases)
    with answering(served(releases), refuses="format=3") as server:
        assert board.run(server.port, *INSTALL) == ["1.0.1", *INSTALLED]
    assert board.release() == NEW


def test_an_image_from_nothing(tmp_path: Path, releases: Path) -> None:
    """For a device with a firmware that the server does not have."""
    board = board_of(tmp_path, releases)
    (board.root / "ota_0").write_bytes(b"\xe9" + noise(50_000, 9))
    asked = install(board, with_image(good(releases), IMAGE, None))
    assert f"/delta/{sha1(IMAGE)}" in asked
    assert "/firmware_1.0.1.bin" not in asked


def test_pycom_has_the_whole_image(tmp_path: Path, releases: Path) -> None:
    asked = install(board_of(tmp_path, releases, board="pycom"), good(releases))
    assert [path for path in asked if not path.startswith("/delta/")] == ["/firmware_1.0.1.bin"]


def test_no_room_for_the_patch_of_an_image(tmp_path: Path, releases: Path) -> None:
    """The image comes whole: it goes to a partition of its own."""
    image = OLD_IMAGE + noise(150_000, 7)
    (releases / "firmware_1.0.1.bin").write_bytes(image)
    files = with_image(good(releases), image)
    with answering(files) as server:
        board = board_of(tmp_path, releases, blocks=48)
        assert board.run(server.port, *INSTALL) == ["1.0.1", *INSTALLED]
        assert [line for line in server.asked if "firmware_1.0.1.bin" in line]
    assert (board.root / "ota_1").read_bytes()[: len(image)] == image


def dies(link: proxy.Link, response: bytes) -> Iterator[bytes]:
    """After the head of a response and 1,000 bytes, but for the manifest."""
    head = response.find(b"\r\n\r\n") + 4
    end = head + 1000 if response[head : head + 1] != b"{" else len(response)
    yield response[:end]
    if end < len(response):
        link.close()


@pytest.mark.parametrize("tries", [1, 5])
def test_a_patch_is_gone_on_with(tmp_path: Path, releases: Path, tries: int) -> None:
    """Over a link that dies after each 1,000 bytes, in one call or in many."""
    image = OLD_IMAGE + noise(9_000, 7)
    (releases / "firmware_1.0.1.bin").write_bytes(image)
    files = with_image(good(releases), image)
    board = board_of(tmp_path, releases)
    calls = 0
    with answering(files, ranges=True) as server, proxy.proxied(server.port, dies, 0) as link:
        result: object = {}
        while isinstance(result, dict) and calls < 20:
            [result] = board.run(link.port, "update", attributes={"tries": tries})
            calls += 1
        assert not [line for line in server.asked if "/1.0.1/" in line or "firmware_1.0.1.bin" in line]
    assert (result, calls) == ("1.0.1", 10 if tries == 1 else 1)
