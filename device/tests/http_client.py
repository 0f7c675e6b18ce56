"""Fetches with the package's HTTP alone: micropython http_client.py CLIENT SPEC

What the package needs of a client is taken from SPEC's directory, where CLIENT has not got it.
"""

import binascii
import json
import sys

sys.path[:] = [sys.argv[1], sys.argv[2][: sys.argv[2].rfind("/")]]
with open(sys.argv[2]) as file:
    spec = json.load(file)

import airwaybill_boot as base
from OTA import OTAError
from airwaybill import http

waited = 0  # in polls since the last feed, in ms
longest = 0
sockets = []


def feed():
    global waited
    waited = 0


class Poll:
    """What stands around select.poll() here sees how long it may block without a feed."""

    def __init__(self):
        self._poll = select.poll()
        self.register = self._poll.register
        self.modify = self._poll.modify

    def poll(self, milliseconds):
        global waited, longest
        waited += milliseconds
        longest = max(longest, waited)
        return self._poll.poll(milliseconds)


class Select:
    POLLIN = http.select.POLLIN
    POLLOUT = http.select.POLLOUT
    poll = Poll


class Socket:
    SOCK_STREAM = http.socket.SOCK_STREAM
    lookups = 0

    def getaddrinfo(self, *arguments):
        self.lookups += 1
        return socket.getaddrinfo(*arguments)

    def socket(self, family):
        sockets.append(socket.socket(family))
        return sockets[-1]


class Sink:
    def __init__(self, start):
        self.data = bytearray(start)
        self.offset = len(start)
        self.expected = None

    def restart(self):
        self.data = bytearray()
        self.offset = 0

    def expect(self, length):
        self.expected = length

    def write(self, data):
        self.data.extend(data)
        self.offset += len(data)


for name in spec.get("hidden", ()):
    sys.modules[name] = None
base.feed = feed
select, http.select = http.select, Select
socket, http.socket = http.socket, Socket()

settings = dict(spec.get("settings", {}))
if "tls_hex" in spec:
    settings["tls"] = binascii.unhexlify(spec["tls_hex"])
sinks = {}
results = []
yields = 0
try:
    client = http.Client(spec.get("host", "127.0.0.1"), spec["port"], spec.get("timeout_ms", 20000), **settings)
    client.wait_ms = spec.get("wait_ms", client.wait_ms)
    for request, path in spec.get("announce", ()):
        client.announce(request, path)
    for request in spec["fetches"]:
        if request not in sinks:
            sinks[request] = Sink(spec.get("have", {}).get(request, "").encode())
        sink = sinks[request]
        result = {}
        try:
            work = client.fetch(request, sink)
            while True:
                try:
                    next(work)
                    yields += 1
                except StopIteration as stop:
                    result["etag"] = stop.value
                    del sinks[request]
                    break
        except OTAError as error:
            result = {"code": error.code, "detail": error.detail}
        except OSError as error:
            result = {"code": "OSError", "detail": str(error)}
        result["hex"] = str(binascii.hexlify(sink.data), "ascii")
        result["expected"] = sink.expected
        results.append(result)
    client.close()
except OTAError as error:
    results.append({"code": error.code, "detail": error.detail})
left = len([one for one in sockets if one.fileno() >= 0])
print(
    json.dumps({"results": results, "yields": yields, "longest": longest, "lookups": http.socket.lookups, "open": left})
)
