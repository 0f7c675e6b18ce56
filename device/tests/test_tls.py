"""D17: TLS by a certificate that the device has. Whoever cannot show one that it vouches for is not listened to."""

from __future__ import annotations

import re
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from certificates import DAY, NOW, Certificate, make
from cryptography.hazmat.primitives.asymmetric import rsa
from fetching import fetch
from scripted import finish, hang, response, scripted, then

CA = make("CA", ca=True)
OTHER = make("another CA", ca=True)
ROOT = make("root", ca=True)
BETWEEN = make("between", ROOT, ca=True)
LEAF = make("leaf", CA)
BELOW = make("below", BETWEEN)
BELOW.chain = BETWEEN.pem
ALONE = make("alone")
RSA = make("RSA", key=rsa.generate_private_key(public_exponent=65537, key_size=2048))
FUTURE = make("future", CA, start=NOW + DAY)
PAST = make("past", CA, start=NOW - 3 * DAY, end=NOW - DAY)
ELSEWHERE = make("elsewhere", CA, names=("example.org", "192.168.4.1"))

NOT_SIGNED = (
    "The certificate is not correctly signed by the trusted CA (tls= has to be the certificate of the CA that signed"
    " it, or itself where it signs itself; one signed by a CA cannot be the anchor)"
)
CLOCK = "by this board's clock it is TODAY: set the clock"
NOT_YET = f"The certificate validity starts in the future ({CLOCK}, as ntptime.settime() does)"
NO_MORE = f"The certificate validity has expired ({CLOCK}, or renew the certificate)"
NOT_ITS_NAME = "The certificate Common Name (CN) does not match with the expected CN (it is for another host name)"
BAD = "tls= is not a certificate that this firmware reads: invalid cert"
AT = "https://127.0.0.1:PORT: "

# (what the server shows, what is in tls=, what comes of it)
CERTIFICATES: dict[str, tuple[Certificate, bytes, str]] = {
    "its CA": (LEAF, CA.pem, "ok"),
    "its CA, as DER": (LEAF, CA.der, "ok"),
    "signs itself": (ALONE, ALONE.pem, "ok"),
    "signs itself, as DER": (ALONE, ALONE.der, "ok"),
    "for its address alone": (make("address", CA, names=("127.0.0.1",)), CA.pem, "ok"),
    "RSA": (RSA, RSA.pem, "ok"),
    "the root of a chain": (BELOW, ROOT.pem, "ok"),
    "the middle of a chain": (BELOW, BETWEEN.pem, "ok"),
    "two, one after the other": (LEAF, b"the old one\n" + OTHER.pem + b"\r\nthe new one\n" + CA.pem, "ok"),
    "another CA": (LEAF, OTHER.pem, f"tls: {AT}{NOT_SIGNED}"),
    "another that signs itself": (ALONE, RSA.pem, f"tls: {AT}{NOT_SIGNED}"),
    "a leaf of a CA": (LEAF, LEAF.pem, f"tls: {AT}{NOT_SIGNED}"),
    "a CA of the same name": (LEAF, make("CA", ca=True).pem, f"tls: {AT}{NOT_SIGNED}"),
    "not valid yet": (FUTURE, CA.pem, f"tls: {AT}{NOT_YET}"),
    "not valid any more": (PAST, CA.pem, f"tls: {AT}{NO_MORE}"),
    "for another name": (ELSEWHERE, CA.pem, f"tls: {AT}{NOT_ITS_NAME}"),
    "no certificate": (LEAF, b"junk", f"tls: {BAD}"),
    "nothing": (LEAF, b"", f"tls: {BAD}"),
    "a key": (LEAF, LEAF.key_pem, f"tls: {BAD}"),
    "half of one": (LEAF, CA.pem[:200], "tls: tls= ends inside a certificate"),
}


def nothing(_: socket.socket) -> None:
    pass


@pytest.mark.parametrize("name", CERTIFICATES)
def test_certificates(tmp_path: Path, name: str) -> None:
    certificate, anchor, said = CERTIFICATES[name]
    with scripted([response(b"ok")], context=certificate.server(tmp_path)) as server:
        got = fetch(tmp_path, server.port, "a", tls_hex=anchor.hex())
    today = re.sub(r"it is \d{4}-\d\d-\d\d:", "it is TODAY:", got.said[0])
    assert today == said
    # Without a certificate that holds, nothing is said to the server.
    assert any(server.requests) == (said == "ok")


def test_as_a_file_and_as_text(tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_bytes(CA.pem)
    missing = str(tmp_path / "none.pem")
    for given, said in [
        (str(tmp_path / "ca.pem"), "ok"),
        (CA.pem.decode(), "ok"),
        (missing, f"tls: tls={missing}: [Errno 2] ENOENT"),
    ]:
        with scripted([response(b"ok")], context=LEAF.server(tmp_path)) as server:
            assert fetch(tmp_path, server.port, "a", settings={"tls": given}).said == [said]


def test_by_name(tmp_path: Path) -> None:
    """The name goes to the server, too (SNI)."""
    names = []
    context = LEAF.server(tmp_path)
    context.sni_callback = lambda _, name, __: names.append(name)
    with scripted([response(b"ok")], context=context) as server:
        assert fetch(tmp_path, server.port, "a", host="localhost", tls_hex=CA.pem.hex()).said == ["ok"]
    assert names == ["localhost"]


@pytest.mark.parametrize("wait_ms", [500, 0])
def test_all_that_goes_without_tls(tmp_path: Path, wait_ms: int) -> None:
    """Requests ahead on one connection, parts, and nothing read past the end: after it the server says nothing."""
    body = bytes(range(256)) * 200
    start = len(body) - 9
    rest = response(body[start:], f"Content-Range: bytes {start}-51199/51200", status="206 Partial Content")
    with scripted(
        [response(b"m"), nothing, nothing, then(response(body) + response(b"b") + response(body)[:-9], finish)],
        [then(rest, hang)],
        context=LEAF.server(tmp_path),
    ) as server:
        got = fetch(
            tmp_path,
            server.port,
            *["m", "a", "b", "c", "c"],
            announce=[[name, None] for name in "mabc"],
            tls_hex=CA.pem.hex(),
            timeout_ms=60_000,
            wait_ms=wait_ms,
        )
    assert got.data == [b"m", body, b"b", body[:start], body]
    assert got.said[3] == "truncated: 9 bytes are missing"
    assert [len(asked) for asked in server.requests] == [4, 1]


def test_no_length(tmp_path: Path) -> None:
    """The end of the connection is the end, with and without a word of TLS about it."""
    for end in (nothing, lambda connection: connection.unwrap()):
        play = then(response(b"ok", length=False), end)
        with scripted([play], context=LEAF.server(tmp_path)) as server:
            assert fetch(tmp_path, server.port, "a", tls_hex=CA.pem.hex()).said == ["ok"]


OTHERWISE = " (no TLS at this port, or none that this firmware has: most have TLS 1.2 alone)"
# What a server does when a handshake begins, without TLS of its own; in what time; what comes of it.
WITHOUT: list[tuple[Any, int, str]] = [
    (response(status="400 Bad Request"), 20_000, f"tls: {AT}MBEDTLS_ERR_SSL_INVALID_RECORD{OTHERWISE}"),
    (finish, 20_000, "truncated: https://127.0.0.1:PORT closed the TLS handshake"),
    (hang, 300, "timeout: under 256 bytes in 300 ms"),
]


@pytest.mark.parametrize(("play", "timeout_ms", "said"), WITHOUT)
def test_no_tls_there(tmp_path: Path, play: Any, timeout_ms: int, said: str) -> None:
    with greeting(play) as port:
        assert fetch(tmp_path, port, "a", tls_hex=CA.pem.hex(), timeout_ms=timeout_ms).said == [said]


@contextmanager
def greeting(play: Any) -> Iterator[int]:
    """A server that plays when the first bytes of a handshake have come."""

    def serve() -> None:
        connection, _ = listener.accept()
        with connection:
            connection.recv(4096)
            play(connection) if callable(play) else connection.sendall(play)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve)
        thread.start()
        yield listener.getsockname()[1]
        thread.join()


def test_a_newer_tls_alone(tmp_path: Path) -> None:
    context = LEAF.server(tmp_path)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    with scripted([response(b"ok")], context=context) as server:
        said = fetch(tmp_path, server.port, "a", tls_hex=CA.pem.hex()).said
    assert said == [f"tls: {AT}MBEDTLS_ERR_SSL_FATAL_ALERT_MESSAGE{OTHERWISE}"]


def test_a_redirect(tmp_path: Path) -> None:
    """To another server by the same certificates, and never to one without TLS."""
    context = LEAF.server(tmp_path)
    with scripted([response(b"ok")], context=context) as other:
        moved = response(b"", f"Location: https://127.0.0.1:{other.port}/d", status="302 Found")
        with scripted([moved], context=context) as server:
            got = fetch(tmp_path, server.port, "a", tls_hex=CA.pem.hex())
    assert got.said == ["ok"]


def test_a_redirect_to_less(tmp_path: Path) -> None:
    moved = response(b"", "Location: http://127.0.0.1:1/d", status="302 Found")
    with scripted([moved], context=LEAF.server(tmp_path)) as server:
        said = fetch(tmp_path, server.port, "a", tls_hex=CA.pem.hex()).said
    assert said == ["http_refused: 302 to http://127.0.0.1:1/d: only https:// is as safe"]


def test_firmware_without_it(tmp_path: Path) -> None:
    with scripted() as server:
        said = fetch(tmp_path, server.port, "a", tls_hex=CA.pem.hex(), hidden=["tls", "ssl"]).said
    assert said == ["tls: this firmware has no ssl.SSLContext; it needs MicroPython 1.22 or newer"]
