"""Behind a proxy (rules H1, H10): each configuration in docs/PROXY.md, in the program that it is for."""

from __future__ import annotations

import http.client
import json
import re
import shutil
import socket
import ssl
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import pytest
from content import noise, sha1, write
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from server_support import Reply, Server, eventually, read_reply, serving
from serving import DEADLINE_SECONDS

PAGE = Path(__file__).resolve().parents[2] / "docs/PROXY.md"
BLOCKS: list[tuple[str, str]] = re.findall(
    r"```(nginx|caddyfile|apache|haproxy)\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL
)
HOST, SERVER, PROXY, CLIENT = "ota.example", "127.0.0.1", "127.0.0.2", "127.0.0.3"
LARGE = noise(24 * 1024 * 1024, seed=9)
FILES = {
    "1.0.0/flash/main.py": b"one\n",
    "1.0.1/flash/main.py": b"two\n",
    "1.0.1/flash/g\u00fcte 1+1=2%;a?b#c.txt": b"a name that has to be encoded\n",
    "1.0.1/flash/empty.txt": b"",
    "firmware_1.0.1.bin": LARGE,
}
MODULES = "mpm_event authz_core headers proxy proxy_http ssl socache_shmcb"
TRIES = 5


class Program(NamedTuple):
    """How to run a block of the page: the command, the lines before and after it, and how the page says the port."""

    command: str
    before: str
    after: str
    port: str
    own_port: str


PROGRAMS = {
    "nginx": Program(
        "nginx -e {top}/error.log -c {file}",
        "daemon off; pid {top}/pid; error_log {top}/error.log; events {{}} http {{ access_log off; "
        "client_body_temp_path {top}/1; proxy_temp_path {top}/2; fastcgi_temp_path {top}/3; uwsgi_temp_path {top}/4; "
        "scgi_temp_path {top}/5;\n",
        "}}",
        "listen 443",
        "listen {address}:{port}",
    ),
    "caddyfile": Program(
        "caddy run --adapter caddyfile --config {file}",
        "{{\nadmin off\nauto_https disable_redirects\nstorage file_system {top}\ndefault_bind {address}\n}}\n",
        "",
        "ota.example {",
        "ota.example:{port} {{",
    ),
    "apache": Program(
        "apache2 -X -f {file}",
        "".join(f"LoadModule {name}_module /usr/lib/apache2/modules/mod_{name}.so\n" for name in MODULES.split())
        + "ServerName localhost\nServerRoot {top}\nPidFile {top}/pid\nErrorLog {top}/error.log\n"
        "DefaultRuntimeDir {top}\nListen {address}:{port}\nUser www-data\nGroup www-data\n",
        "",
        "*:443",
        "{address}:{port}",
    ),
    "haproxy": Program("haproxy -db -f {file}", "", "", "bind :443", "bind {address}:{port}"),
}


def certificate(top: Path) -> None:
    """A certificate of the proxy's, its key, and both in one file, under the names that the page has."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, HOST)])
    now = datetime.now(timezone.utc)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=12))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(HOST)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    public = made.public_bytes(serialization.Encoding.PEM)
    encoding = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    private = key.private_bytes(*encoding)
    for suffix, data in (("pem", public), ("key", private), ("both", public + private)):
        (top / f"ota.example.{suffix}").write_bytes(data)


class Proxy:
    """A running proxy; asks over TLS, from an address of the client's own."""

    def __init__(self, port: int, top: Path, server: Server) -> None:
        self.port = port
        self.server = server
        self._context = ssl.create_default_context(cafile=str(top / "ota.example.pem"))

    @property
    def host(self) -> str:
        return f"{HOST}:{self.port}"

    def dial(self) -> socket.socket:
        with ExitStack() as stack:
            plain = stack.enter_context(socket.socket())
            # So that much of a large file has to wait.
            plain.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8192)
            plain.settimeout(DEADLINE_SECONDS)
            plain.bind((CLIENT, 0))
            plain.connect((PROXY, self.port))
            stack.pop_all()
            return plain

    def connect(self) -> socket.socket:
        with ExitStack() as stack:
            plain = stack.enter_context(self.dial())
            encrypted = self._context.wrap_socket(plain, server_hostname=HOST)
            stack.pop_all()
            return encrypted

    def get(self, path: str, headers: tuple[tuple[str, str], ...] = ()) -> Reply:
        with closing(http.client.HTTPConnection(self.host)) as connection:
            connection.sock = self.connect()
            connection.putrequest("GET", path)
            for name, value in headers:
                connection.putheader(name, value)
            connection.endheaders()
            return read_reply(connection.getresponse())


def free_port() -> int:
    with socket.create_server((PROXY, 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


@contextmanager
def running(kind: str, block: str, server: Server, top: Path) -> Iterator[Proxy]:
    """The proxy on a port that was free; on another one if somebody else was quicker."""
    certificate(top)
    # nginx and Apache give up the rights of root.
    for place in (top, *list(top.parents)[:-2]):
        place.chmod(0o755)
    for _ in range(TRIES):
        port = free_port()
        process = start(kind, block, server, top, port)
        try:
            if answers(process, port):
                yield Proxy(port, top, server)
                return
        finally:
            process.terminate()
            process.wait(DEADLINE_SECONDS)
    raise RuntimeError(f"{kind} does not start: {(top / 'said').read_text()}")


def start(kind: str, block: str, server: Server, top: Path, port: int) -> subprocess.Popen[bytes]:
    program = PROGRAMS[kind]
    values: dict[str, Any] = {"top": top, "address": PROXY, "port": port, "file": top / "config"}
    assert program.port in block
    text = block.replace(program.port, program.own_port.format(**values))
    text = text.replace("/etc/ssl/", f"{top}/").replace("/var/cache/", f"{top}/")
    text = text.replace(f"{SERVER}:8000", f"{SERVER}:{server.port}")
    (top / "config").write_text(program.before.format(**values) + text + program.after.format(**values) + "\n")
    with (top / "said").open("wb") as said:
        return subprocess.Popen(program.command.format(**values).split(), cwd=top, stdout=said, stderr=said)


def answers(process: subprocess.Popen[bytes], port: int) -> bool:
    """Waits until the process listens, or ends without."""

    def listens() -> bool:
        with suppress(OSError), socket.create_connection((PROXY, port), timeout=DEADLINE_SECONDS):
            return True
        return False

    eventually(lambda: process.poll() is not None or listens(), bool)
    return process.poll() is None


@pytest.fixture(scope="module")
def proxied(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    top = tmp_path_factory.mktemp("proxied")
    write(top / "root", FILES)
    with serving(top / "root", top / "log", "--settle", "0", "--immutable", "--trusted-proxy", SERVER) as server:
        yield server


@pytest.fixture(params=range(len(BLOCKS)), ids=[kind for kind, _ in BLOCKS])
def proxy(request: pytest.FixtureRequest, proxied: Server, tmp_path: Path) -> Iterator[tuple[Proxy, str]]:
    """Each proxy of the page, and the path below which it has the server."""
    kind, block = BLOCKS[request.param]
    with running(kind, block, proxied, tmp_path) as proxy:
        prefix = "/updates" if "/updates" in block else ""
        eventually(lambda: proxy.get(f"{prefix}/healthz").status, lambda status: status == 200)
        yield proxy, prefix


def log_lines(server: Server, condition: Any) -> list[Any]:
    def lines() -> list[Any]:
        return [json.loads(line) for line in server.log.read_text().splitlines()]

    found: list[Any] = eventually(lines, condition)
    return found


LIES = (
    ("X-Forwarded-Host", "evil.example"),
    ("X-Forwarded-Prefix", "/evil"),
    ("X-Forwarded-Proto", "http"),
    ("X-Forwarded-For", "192.0.2.9"),
)


def test_what_the_page_names_is_tested() -> None:
    assert {kind for kind, _ in BLOCKS} == {kind for kind, block in BLOCKS if "/updates" in block} == PROGRAMS.keys()


def test_each_configuration_of_the_page(proxy: tuple[Proxy, str]) -> None:
    through, prefix = proxy
    base = f"https://{through.host}{prefix}"
    mark = f"{prefix[1:] or 'top'}-{through.port}"
    for headers in ((), LIES):
        manifest = through.get(f"{prefix}/manifest.json?mark={mark}", headers).json()
        entries = [manifest["firmware"], *manifest["new"]]
        assert len(entries) == 4
        for entry in entries:
            assert entry["URL"].startswith(f"{base}/")
            reply = through.get(urlsplit(entry["URL"]).path)
            assert (reply.status, sha1(reply.body)) == (200, entry["hash"]), entry
    image = urlsplit(manifest["firmware"]["URL"]).path
    part = through.get(image, (("Range", "bytes=1000000-1000009"),))
    assert (part.status, part.body) == (206, LARGE[1_000_000:1_000_010])
    # The preview is found below the path too.
    assert through.get(f"{prefix}/", (("Accept", "text/html"),)).headers["location"] in (
        "_preview/",
        f"{base}/_preview/",
    )
    lines = log_lines(through.server, lambda lines: sum(f"mark={mark}" in line["query"] for line in lines) == 2)
    assert {line["client"] for line in lines if f"mark={mark}" in line["query"]} == {CLIENT}
    assert not [line for line in lines if line["path"] == "/healthz" and line["status"] == 200]
    assert through.server.complaints == []


def block_of(kind: str, word: str = "") -> str:
    return next(block for of, block in BLOCKS if of == kind and word in block)


def test_nginx_limits_what_an_address_is_sent_at_a_time(proxied: Server, tmp_path: Path) -> None:
    with running("nginx", block_of("nginx"), proxied, tmp_path) as proxy, ExitStack() as stack:
        for _ in range(16):
            stream = stack.enter_context(proxy.connect())
            stream.sendall(f"GET /firmware_1.0.1.bin HTTP/1.1\r\nHost: {HOST}\r\n\r\n".encode())
            assert stream.recv(12) == b"HTTP/1.1 200"
        assert proxy.get("/manifest.json").status == 503


def test_nginx_keeps_files_and_asks_for_manifests(proxied: Server, tmp_path: Path) -> None:
    with running("nginx", block_of("nginx", "proxy_cache"), proxied, tmp_path) as proxy:
        for _ in range(2):
            assert proxy.get("/manifest.json?mark=manifest").status == 200
            part = proxy.get("/firmware_1.0.1.bin?mark=part", (("Range", "bytes=1000000-1000009"),))
            assert (part.status, part.body) == (206, LARGE[1_000_000:1_000_010])
            assert sha1(proxy.get("/firmware_1.0.1.bin?mark=whole").body) == sha1(LARGE)
        lines = log_lines(proxied, lambda lines: sum("mark=manifest" in line["query"] for line in lines) == 2)
        marks = [line["query"] for line in lines if line["path"] == "/firmware_1.0.1.bin" and "mark" in line["query"]]
        assert sorted(marks) == ["mark=part", "mark=whole"]


def test_haproxy_limits_the_connections_of_an_address(proxied: Server, tmp_path: Path) -> None:
    with running("haproxy", block_of("haproxy"), proxied, tmp_path) as proxy, ExitStack() as stack:
        for _ in range(16):
            stack.enter_context(proxy.connect())
        # Without TLS, whose `wrap_socket` leaves its socket open when the reset is there before it.
        with suppress(ConnectionResetError), proxy.dial() as refused:
            assert refused.recv(1) == b""


def test_the_programs_are_there() -> None:
    missing = [kind for kind, program in PROGRAMS.items() if shutil.which(program.command.split()[0]) is None]
    assert missing == [], "`make proxies` installs them"
