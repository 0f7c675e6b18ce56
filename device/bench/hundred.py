"""A client as devices in the field have it, for the benchmark of the link: micropython hundred.py HOST PORT DIRECTORY

One connection a request, HTTP/1.0, a hundred bytes a read; it asks for the manifest and then for each file, hashes it
and writes it away. It is written for this comparison and does no more than that.
"""

import hashlib
import json
import socket
import sys

host, port, target = sys.argv[1], int(sys.argv[2]), sys.argv[3]


def get(path, write):
    connection = socket.socket()
    connection.connect(socket.getaddrinfo(host, port)[0][-1])
    request = "GET /%s HTTP/1.0\r\nHost: %s:%d\r\n\r\n" % (path, host, port)
    connection.send(request.encode())
    seen = b""
    while b"\r\n\r\n" not in seen:
        seen += connection.recv(100)
    write(seen[seen.index(b"\r\n\r\n") + 4 :])
    while True:
        piece = connection.recv(100)
        if not piece:
            break
        write(piece)
    connection.close()


text = bytearray()
get("manifest.json?current_ver=1.0.0", text.extend)
manifest = json.loads(text)


def fetch(entry, path):
    digest = hashlib.sha1()
    with open(path, "wb") as file:

        def write(piece):
            digest.update(piece)
            file.write(piece)

        get(entry["URL"].split("/", 3)[3], write)


entries = manifest["new"] + manifest["update"]
for number, entry in enumerate(entries):
    fetch(entry, "%s/%d" % (target, number))
print(len(entries))
