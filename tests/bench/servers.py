"""The servers that are compared, the releases they serve, and wrk, which asks them."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.request import urlopen

HERE = Path(__file__).parent
VENDOR = (sys.executable, str(HERE / "vendor_way.py"))
QUERY = "/manifest.json?current_ver=1.0.0"
IMAGE = "firmware_1.0.1.bin"
IMAGE_SIZE = 3 * 512 * 1024
NGINX = """
daemon off; worker_processes 1; pid {top}/nginx.pid; error_log {top}/nginx.log;
events {{ worker_connections 256; }}
http {{
    access_log off; sendfile on; tcp_nopush on; keepalive_requests 100000000;
    client_body_temp_path {top}; proxy_temp_path {top};
    fastcgi_temp_path {top}; uwsgi_temp_path {top}; scgi_temp_path {top};
    server {{
        listen 127.0.0.1:{port}; root {root};
        location = /manifest.json {{ default_type application/json; root {top}; }}
    }}
}}
"""


def make_releases(root: Path, files: int) -> Path:
    """Two releases of so many files of 1 KiB: one in ten changed, one in ten new and one in ten gone; two images."""
    for release in ("1.0.0", "1.0.1"):
        for number in range(files):
            group = number % 10
            name = f"file_{number}.py" if group else f"file_{number}_{release}.py"
            path = root / release / "flash" / "lib" / f"part_{number // 50}" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            seed = f"{number} {release}" if group == 1 else f"{number}"
            path.write_bytes((seed + "\n").encode() * (1024 // (len(seed) + 1)))
        (root / f"firmware_{release}.bin").write_bytes(os.urandom(IMAGE_SIZE))
    return root


@contextmanager
def nginx(root: Path, manifest: bytes = b"null") -> Iterator[str]:
    """One worker that sends the files below ``root``, and ``manifest`` as a file; the URL."""
    with tempfile.TemporaryDirectory() as name, socket.create_server(("127.0.0.1", 0), backlog=128) as listener:
        top, port = Path(name), listener.getsockname()[1]
        (top / "manifest.json").write_bytes(manifest)
        config = top / "nginx.conf"
        config.write_text(NGINX.format(top=top, root=root, port=port))
        # The worker is another user, and must get to the files.
        for place in (top, root, *list(root.parents)[:-2]):
            place.chmod(0o755)
        # As when nginx takes over from an older one: it listens from the start.
        environment = {**os.environ, "NGINX": f"{listener.fileno()};"}
        command = ["nginx", "-e", f"{top}/nginx.log", "-c", str(config)]
        process = subprocess.Popen(command, env=environment, pass_fds=[listener.fileno()], stderr=subprocess.DEVNULL)
        try:
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()
            process.wait()


def get(url: str) -> bytes:
    with urlopen(url) as answer:
        body: bytes = answer.read()
        return body


def requests_a_second(url: str, connections: int, seconds: int, paths: Path | None = None) -> float:
    """The figures of wrk for one URL, or for the ``paths`` listed in a file, in turn."""
    command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", url]
    if paths is not None:
        command += ["-s", str(HERE / "paths.lua"), "--", str(paths)]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    if "Non-2xx" in said:
        sys.exit(f"{url}: not every answer was right:\n{said}")
    rate = re.search(r"Requests/sec:\s+([0-9.]+)", said)
    assert rate is not None
    # A server that takes one at a time now answers those that wrk gave up: the next run must not share the machine.
    get(url)
    return float(rate[1])


def need(*tools: str) -> None:
    for tool in tools:
        if shutil.which(tool) is None:
            sys.exit(f"{tool} is not installed (apt-get install {tool})")
