"""H5 and load: what devices do, and many of them at once."""

from __future__ import annotations

import json
import socket
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

import pytest
from conftest import FILES
from content import sha1
from server_support import Server, read_reply

STEP = 100


def vendor_get(port: int, path: str) -> bytes:
    """The body as the vendor's client reads it.

    It looks for the end of the header inside one step, and decodes the rest of that step as text.
    """
    body = bytearray()
    with socket.create_connection(("127.0.0.1", port), timeout=20) as stream:
        stream.sendall(f"GET {path} HTTP/1.0\r\nHost: 127.0.0.1:{port}\r\n\r\n".encode())
        started = False
        while step := stream.recv(STEP):
            if not started:
                if b"\r\n\r\n" not in step:
                    continue
                started = True
                step = step.decode().split("\r\n\r\n")[1].encode()
            body += step
    return bytes(body)


@pytest.mark.parametrize("path", ["firmware_1.0.1.bin", "1.0.1/flash/main.py", "1.0.1/flash/empty.txt", "big.iso"])
def test_the_vendors_client_gets_a_file_whole(server: Server, path: str) -> None:
    assert vendor_get(server.port, f"/{path}") == FILES[path]


def test_the_vendors_client_gets_a_binary_image_whole_200_times(server: Server) -> None:
    for _ in range(200):
        assert vendor_get(server.port, "/firmware_1.0.1.bin") == FILES["firmware_1.0.1.bin"]


def test_the_vendors_client_updates(server: Server) -> None:
    manifest = json.loads(vendor_get(server.port, "/manifest.json?current_ver=1.0.0"))
    for entry in [*manifest["new"], *manifest["update"], manifest["firmware"]]:
        assert sha1(vendor_get(server.port, urlsplit(entry["URL"]).path)) == entry["hash"]


def update(server: Server, rounds: int) -> int:
    """Fetches a manifest and all its files, again and again on one connection; the number of files."""
    files = 0
    with server.client() as connection:
        for number in range(rounds):
            connection.request("GET", f"/manifest.json?current_ver={('1.0.0', '0.9')[number % 2]}")
            manifest = read_reply(connection.getresponse()).json()
            for entry in [*manifest["new"], *manifest["update"], manifest["firmware"]]:
                connection.request("GET", urlsplit(entry["URL"]).path)
                reply = read_reply(connection.getresponse())
                assert reply.status == 200
                assert sha1(reply.body) == entry["hash"]
                assert reply.headers["etag"] == f'"{entry["hash"]}"'
                files += 1
    return files


def test_64_clients_update_20_times(server: Server) -> None:
    with ThreadPoolExecutor(64) as clients:
        counts = list(clients.map(update, [server] * 64, [20] * 64))
    assert len(set(counts)) == 1
    assert counts[0] > 100
