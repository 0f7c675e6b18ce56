"""Manifests and files over HTTP, beside the vendor's way, a bare ASGI application, and nginx.

Needs `wrk` and `nginx`. The servers run side by side and are asked in turn.
"""

from __future__ import annotations

import argparse
import http.client
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from urllib.request import urlopen

from measure import Line, compare, in_turn, report

HERE = Path(__file__).parent
SERVE = (sys.executable, "-c", "from airwaybill.cli import main; main()", "serve", "--host", "127.0.0.1", "--port", "0")
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
    server {{ listen 127.0.0.1:{port}; root {root}; }}
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
def started(command: tuple[str, ...], cwd: Path | None = None) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """A process that says ``serving … at URL``, and the URL. Its standard output goes to a file, as a log would."""
    with tempfile.TemporaryFile() as out:
        process = subprocess.Popen(command, cwd=cwd, stdout=out, stderr=subprocess.PIPE, text=True)
        assert process.stderr is not None
        try:
            yield process, next(line for line in process.stderr if line.startswith("serving ")).split()[-1]
        finally:
            process.kill()
            process.wait()
            process.stderr.close()


@contextmanager
def nginx(root: Path) -> Iterator[str]:
    with tempfile.TemporaryDirectory() as top:
        port = 20_000 + os.getpid() % 20_000
        config = Path(top) / "nginx.conf"
        config.write_text(NGINX.format(top=top, root=root, port=port))
        # The worker is another user, and must get to the files.
        for place in (root, *list(root.parents)[:-2]):
            place.chmod(0o755)
        process = subprocess.Popen(["nginx", "-e", f"{top}/nginx.log", "-c", str(config)])
        url = f"http://127.0.0.1:{port}"
        try:
            for _ in range(100):
                try:
                    urlopen(url + "/" + IMAGE).close()
                    break
                except OSError:
                    process.poll()
            yield url
        finally:
            process.terminate()
            process.wait()


def requests_a_second(url: str, connections: int, seconds: int) -> float:
    command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", url]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    if "Non-2xx" in said:
        sys.exit(f"{url}: not every answer was right:\n{said}")
    rate = re.search(r"Requests/sec:\s+([0-9.]+)", said)
    assert rate is not None
    return float(rate[1])


def bench_manifests(top: Path, files: int, vendor_bar: float, rounds: int, seconds: int) -> list[Line]:
    root = make_releases(top / f"releases_{files}", files)
    with ExitStack() as stack:
        _, ours = stack.enter_context(started((*SERVE, "--settle", "0", str(root))))
        length = len(urlopen(ours + QUERY).read())
        _, vendor = stack.enter_context(started((sys.executable, str(HERE / "vendor_way.py")), cwd=root))
        _, bare = stack.enter_context(started((sys.executable, str(HERE / "constant_app.py"), str(length))))
        found = in_turn(
            {
                name: partial(requests_a_second, url + QUERY, 64, seconds)
                for name, url in (
                    (f"manifests, {files} files", ours),
                    ("vendor's way", vendor),
                    ("constant bytes", bare),
                )
            },
            rounds,
        )
    mine, vendors, constant = found.values()
    return [
        compare(f"manifests, {files:,} files / vendor's way", mine, vendors, "/s", vendor_bar, at_least=True),
        compare(f"manifests, {files:,} files / constant bytes", mine, constant, "/s", 0.8, at_least=True),
    ]


def bench_files(top: Path, rounds: int, seconds: int) -> list[Line]:
    root = make_releases(top / "image", 10)
    with ExitStack() as stack:
        _, ours = stack.enter_context(started((*SERVE, "--settle", "0", str(root))))
        _, vendor = stack.enter_context(started((sys.executable, str(HERE / "vendor_way.py")), cwd=root))
        peer = stack.enter_context(nginx(root))
        found = in_turn(
            {
                name: partial(requests_a_second, f"{url}/{IMAGE}", 16, seconds)
                for name, url in (("1.5 MiB image", ours), ("nginx", peer), ("vendor's way", vendor))
            },
            rounds,
        )
    mine, theirs, vendors = found.values()
    return [
        compare("1.5 MiB image / nginx with sendfile", mine, theirs, "/s", 0.95, at_least=True),
        compare("1.5 MiB image / vendor's way", mine, vendors, "/s", 1, at_least=True),
    ]


def bench_memory(top: Path) -> list[Line]:
    """10,000 manifests of a release of 10,000 files: full installs and updates, under twenty host names."""
    root = make_releases(top / "releases_10000", 10_000)
    with started((*SERVE, "--settle", "0", str(root))) as (process, url):
        connection = http.client.HTTPConnection(url.removeprefix("http://"))
        for number in range(10_000):
            path = "/manifest.json" if number % 2 else QUERY
            connection.request("GET", path, headers={"Host": f"van-{number % 20}.example"})
            assert connection.getresponse().read()
        status = Path(f"/proc/{process.pid}/status").read_text()
    resident, highest = (float(re.search(rf"{name}:\s+(\d+) kB", status)[1]) / 1024 for name in ("VmRSS", "VmHWM"))  # type: ignore[index]
    print(f"highest: {highest:.1f} MiB", file=sys.stderr)
    return [compare("memory after 10,000 manifests / 150 MiB", [resident], [150], "MiB", 1, at_least=False)]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=3, help="of each run")
    arguments = parser.parse_args()
    for tool in ("wrk", "nginx"):
        if shutil.which(tool) is None:
            sys.exit(f"{tool} is not installed (apt-get install wrk nginx)")
    with tempfile.TemporaryDirectory() as name:
        top = Path(name)
        lines = bench_manifests(top, 10, 50, arguments.rounds, arguments.seconds)
        lines += bench_manifests(top, 1_000, 800, arguments.rounds, arguments.seconds)
        lines += bench_files(top, arguments.rounds, arguments.seconds)
        lines += bench_memory(top)
    report("server", lines)


if __name__ == "__main__":
    main()
