"""H2: by default only what is offered is public; and where devices find the server."""

from __future__ import annotations

from pathlib import Path

import ifaddr
import pytest
from content import noise, write
from server_support import serving

from airwaybill.server import run

WAYBILLS = {"1.0.1.waybill": b"a waybill\n", "1.0.1.waybill.sig": b"a signature\n", "keys/1.waybill": b"keys\n"}
PATCHES = {f"delta/{'a' * 40}": b"a patch\n", f"delta/{'a' * 40}-{'b' * 40}": b"another\n"}


PRIVATE = [
    "index.html",
    "big.iso",
    "docs/a/b.txt",
    "docs/inside.txt",
    "check.toml",
    ".secret",
    "1.0.1.bak/flash/main.py",
    "1.0.2/flash/main.py",
    "1.0.2/flash/config.py",
    "firmware_1.0.0.bin.bak",
    "delta/notes.txt",
]


def test_only_what_is_offered_is_sent(root: Path, log: Path) -> None:
    images = {"firmware_1.0.1.bin": noise(1000)}
    write(root, {path: b"private\n" for path in PRIVATE if path != "docs/inside.txt"})
    write(root, {**images, **WAYBILLS, **PATCHES})
    (root / "docs/inside.txt").symlink_to("a/b.txt")
    # Held back: a link that leads out of the release.
    (root / "1.0.2/flash/link.py").symlink_to("../../index.html")
    with serving(root, log, "--settle", "0") as server:
        for path in (*images, *WAYBILLS, *PATCHES, "1.0.0/flash/main.py", "1.0.1/flash/lib.py"):
            assert server.get(f"/{path}").body == (root / path).read_bytes()
        for path in PRIVATE:
            for method in ("GET", "HEAD"):
                reply = server.get(f"/{path}", method=method)
                assert (reply.status, b"private" in reply.body) == (404, False)
        assert server.get("/", {"Accept": "text/html"}).headers["location"] == "_preview/"
        server.get("/nothing")
        assert server.stop() == 0
        told = [line for line in server.said if "--serve-other" in line]
    hidden = {"check.toml", ".secret"}
    assert told == [
        f"airwaybill: {path} is not sent: it belongs to nothing that is offered; --serve-other sends it\n"
        for path in PRIVATE
        if path not in hidden
    ]


@pytest.mark.parametrize("options", [(), ("--serve-other",)], ids=["plain", "other"])
def test_drafts_of_keys_are_never_sent(root: Path, log: Path, options: tuple[str, ...]) -> None:
    drafts = ["keys/2.waybill.draft", "keys/2.waybill.draft.sig", "keys/2.waybill.draft.2.sig"]
    write(root, {**WAYBILLS, **dict.fromkeys(drafts, b"private\n"), "1.0.1/flash/keys/2.waybill.draft": b"public\n"})
    with serving(root, log, "--settle", "0", *options) as server:
        for path in drafts:
            assert server.get(f"/{path}").status == 404
        assert server.get("/1.0.1/flash/keys/2.waybill.draft").body == b"public\n"
        assert server.get("/1.0.1.waybill.draft").status == 404


def test_documents_that_lead_out_are_neither_sent_nor_counted(root: Path, tmp_path: Path, log: Path) -> None:
    write(tmp_path, {"elsewhere": b"a waybill\n"})
    (root / "1.0.1.waybill").symlink_to(tmp_path / "elsewhere")
    with serving(root, log, "--settle", "0") as server:
        assert server.get("/1.0.1.waybill").status == 404
        write(root, {"1.0.2/flash/main.py": b"3\n"})
        server.wait(lambda health: "1.0.2" in health["releases"])
        assert server.stop() == 0
        told = [line for line in server.said if "1.0.1.waybill" in line]
    assert told == ["airwaybill: warning: '1.0.1.waybill': a link to what is not sent; it is as good as missing\n"]


def test_what_was_offered_is_sent_while_it_is_the_same(root: Path, log: Path) -> None:
    write(root, {"firmware_1.0.1.bin": noise(1000), "1.0.1/flash/gone.py": b"a secret\n"})
    with serving(root, log, "--settle", "0") as server:
        assert server.get("/1.0.1/flash/gone.py").body == b"a secret\n"
        (root / "1.0.1/flash/link.py").symlink_to("../../outside")
        (root / "1.0.1/flash/main.py").write_bytes(b"TWO\n")
        (root / "1.0.1/flash/gone.py").unlink()
        server.wait(lambda health: health["releases"] == ["1.0.0"])
        assert server.get("/1.0.1/flash/lib.py").body == b"lib\n"
        for path in ("main.py", "gone.py"):
            assert server.get(f"/1.0.1/flash/{path}").json()["code"] == "file_changed"
        assert server.get("/1.0.1/flash/link.py").status == 404
        # Offered again, and for the first time with this content.
        (root / "1.0.1/flash/link.py").unlink()
        server.wait(lambda health: health["releases"] == ["1.0.0", "1.0.1"])
        assert server.get("/1.0.1/flash/main.py").body == b"TWO\n"
        assert server.get("/1.0.1/flash/gone.py").status == 404


class Adapter:
    def __init__(self, *addresses: str) -> None:
        self.ips = [ifaddr.IP((address, 0, 0) if ":" in address else address, 64, address) for address in addresses]


@pytest.mark.parametrize(
    ("host", "addresses", "wanted"),
    [
        ("127.0.0.1", ["192.168.4.1"], ["127.0.0.1"]),
        ("0.0.0.0", ["127.0.0.1", "192.168.4.1", "10.0.0.5"], ["192.168.4.1", "10.0.0.5"]),
        ("0.0.0.0", ["127.0.0.1", "::1", "fd00::2", "169.254.7.7"], ["127.0.0.1"]),
        ("0.0.0.0", None, ["127.0.0.1"]),
        ("::", ["::1", "192.168.4.1", "fd00::2", "fe80::1"], ["192.168.4.1", "[fd00::2]"]),
    ],
)
def test_the_addresses_are_those_that_devices_can_use(
    monkeypatch: pytest.MonkeyPatch, host: str, addresses: list[str] | None, wanted: list[str]
) -> None:
    def get_adapters() -> list[Adapter]:
        if addresses is None:
            raise PermissionError
        return [Adapter(*addresses)]

    monkeypatch.setattr(ifaddr, "get_adapters", get_adapters)
    with run.listen(host, 0) as listener:
        port = listener.getsockname()[1]
        assert run.urls_of(listener) == [f"http://{address}:{port}" for address in wanted]
