"""HTTP for updates: one connection, several requests ahead, parts resumed. HTTP/1.0 where the server wants that."""

from micropython import const

import airwaybill_boot as base
from airwaybill_boot import BUFFER, os, time
from OTA import OTAError

# A release may have modules of these names.
select = base.built_in("select", "uselect")
socket = base.built_in("socket", "usocket")
_AHEAD = const(8)
_WAIT_MS = const(500)  # RP2040's watchdog takes 8,388 ms at most
_STEP = const(256)  # so many bytes have to come in each timeout
_PART = const(128)
_LINE = const(2048)  # of a header line that matters
_HEADERS = const(65536)  # bytes of all header lines of a response
KEPT = b" content-length content-range content-encoding content-type connection transfer-encoding etag location "


def get(ota, client, request, sink):
    """What `get_data` returns, in steps."""
    client.wait_ms = ota.wait_ms
    try:
        digest = yield from client.fetch(request, sink)
    except Exception:
        sink.abort()
        raise
    result = sink.close()
    ota.verified = digest is not None and digest == sink.sha1
    return result


class Client:
    """Fetches from the server at `host` and `port`, over one socket at a time.

    timeout_ms: a connection that is not there, or under 256 bytes, in this time is given up.
    tls: None, or the certificates that a server's has to be signed by: see airwaybill/tls.py.
    headers: a dict of what is sent with each request, to this scheme, host and port alone.
    prefix: the path before each request, as in http://host/prefix/manifest.json. A request that has it is left alone.

    `fetch` is a generator that yields where it would wait, and after each piece. `wait_ms` is how long it waits by
    itself before that: 0 where something else runs in between.
    """

    def __init__(self, host, port, timeout_ms, tls=None, headers=None, prefix=""):
        self.wait_ms = _WAIT_MS
        self.host = host
        self.port = port
        self.timeout_ms = timeout_ms
        self.tls = tls
        self._context = None
        self.headers = headers or {}
        self.prefix = prefix.strip("/")
        if self.prefix:
            self.prefix += "/"
        name = "[%s]" % host if ":" in host else host
        if port != (80 if tls is None else 443):
            name += ":%d" % port
        self.origin = ("http://" if tls is None else "https://") + name
        self.lines = "Host: %s\r\n" % name
        for item in self.headers.items():
            line = "%s: %s" % item
            if "\n" in line or "\r" in line:
                raise OTAError("http_header", "headers= has a line break in %s" % item[0])
            self.lines += line + "\r\n"
        self.address = None
        self.stream = None  # what is read and written: the socket, or TLS over it
        self.socket = None
        self.poll = None
        self._deadline = 0
        self.wanted = []  # (request, path) in the order in which they will be fetched
        self.sent = []  # the offset asked for, for each of the first of them
        self.last = None  # what was fetched last
        self._persistent = False  # the server keeps connections
        self.old = False  # HTTP/1.0
        self.ahead = _AHEAD
        self.failures = 0

    def take_over(self, state):
        """Goes on where another client was: `state` is all that this one held."""
        for name in state:
            setattr(self, name, state[name])

    def announce(self, request, path=None):
        """Says what will be fetched after what was announced before. `path` is the file that may have a part of it."""
        self.wanted.append((request, path))

    def fetch(self, request, sink, redirects=3):
        """Fetches into the sink. The SHA-1 that the server gives the whole content as its ETag, or None."""
        if not self.wanted or self.wanted[0][0] != request:
            if self.sent:
                self.close()
            # Asked for once more, as its hash did not hold: what was announced after it still comes.
            self.wanted = [(request, None)] + (self.wanted if self.last == request else [])
        if self.sent and self.sent[0] != sink.offset:
            self.close()
        done = False
        try:
            status, headers = yield from self.ask(sink.offset)
            if b"location" in headers and 300 <= status < 400:
                digest = yield from self.follow(status, headers, sink, redirects)
            else:
                digest = yield from self.receive(status, headers, sink)
            done = True
        finally:
            if not done:
                self.close()
                self.address = None
                self.failures += 1
        self.wanted.pop(0)
        self.last = request
        if self.sent:
            self.sent.pop(0)
        if not self._persistent:
            self.close()
        return digest

    def close(self):
        self.sent = []
        # TLS whose handshake failed no longer closes what is below it (micropython#19630).
        for stream in (self.stream, self.socket):
            if stream:
                stream.close()
        self.stream = self.socket = self.poll = None

    def path(self, request):
        return "/" + (request if request.startswith(self.prefix) else self.prefix + request)

    def url(self):
        return self.origin + self.path(self.wanted[0][0])

    def ask(self, offset):
        """The response to the first request that is wanted: its status and the headers that matter."""
        while True:
            reused = self.stream is not None
            try:
                yield from self._send_ahead(offset)
                status, headers = yield from self.head()
            except (OSError, OTAError):
                # A server may close a connection that lay idle; that is no failed try.
                if not reused:
                    raise
                self.close()
                continue
            if b"transfer-encoding" not in headers and status != 505:
                return status, headers
            # HTTP/1.0 has no chunks.
            if self.old:
                coding = headers.get(b"transfer-encoding", status)
                raise OTAError("http_header", "Transfer-Encoding: %s, even in HTTP/1.0" % coding)
            self.old = True
            self.close()

    def _send_ahead(self, offset):
        # Some middle boxes cannot take requests ahead: after some failures, one at a time.
        ahead = self.ahead if self._persistent and self.failures < 3 else 1
        if not self.stream:
            yield from self.open()
        while len(self.sent) < min(ahead, len(self.wanted)):
            request, path = self.wanted[len(self.sent)]
            start = offset if not self.sent else size_of(path)
            yield from self.send(request, start)
            self.sent.append(start)

    def open(self):
        base.feed()
        if not self.address:
            # A name takes as long as the port's resolver does, at which nothing can be fed.
            try:
                self.address = socket.getaddrinfo(self.host, self.port, 0, socket.SOCK_STREAM)[0]
            except OSError as error:
                raise OTAError("link", "no address for %s: %s" % (self.host, error))
            base.feed()
        self._extend_deadline()
        self.socket = socket.socket(self.address[0])
        self.socket.setblocking(False)
        self.register(self.socket)
        try:
            self.socket.connect(self.address[-1])
        except OSError as error:
            if error.args[0] not in (115, 119, 36):  # in progress: lwIP and Linux, ESP-IDF, macOS
                raise
            yield from self.wait(select.POLLOUT)
        if self.tls is None:
            self.stream = self.socket
        else:
            from airwaybill import tls

            if not self._context:
                self._context = tls.context(self.tls)
            self.stream = tls.wrap(self._context, self.socket, self.host, self.origin)
            self.register(self.stream)

    def register(self, stream):
        self.poll = select.poll()
        self.poll.register(stream, select.POLLIN)

    def send(self, request, offset):
        data = "GET %s HTTP/1.%d\r\n%s" % (self.path(request), 0 if self.old else 1, self.lines)
        if offset:
            data += "Range: bytes=%d-\r\n" % offset
        data = (data + "\r\n").encode()
        self._extend_deadline()
        while data:
            try:
                count = self.stream.write(data)
            except (OSError, ValueError) as error:
                # The first write is what TLS shakes hands in.
                if self.tls is not None and not self.sent:
                    from airwaybill import tls

                    tls.explain(error, self.origin)
                raise
            if count is None:
                yield from self.wait(select.POLLOUT)
            else:
                data = data[count:]

    def _extend_deadline(self):
        self._deadline = time.ticks_add(time.ticks_ms(), self.timeout_ms)

    def wait(self, event):
        self.poll.modify(self.stream or self.socket, event)
        while True:
            base.feed()
            left = time.ticks_diff(self._deadline, time.ticks_ms())
            if self.poll.poll(max(0, min(left, self.wait_ms))):
                return
            if left <= 0:
                if not self.stream:
                    raise OTAError("timeout", "no connection to %s in %d ms" % (self.origin, self.timeout_ms))
                raise OTAError("timeout", "under %d bytes in %d ms" % (_STEP, self.timeout_ms))
            yield

    def head(self):
        """The status and the headers that matter, by lower-case name. All others are passed over as they come."""
        self._extend_deadline()
        headers = {}
        status = None
        line = b""
        size = 0
        while True:
            part = self.stream.readline(_PART)
            if part is None:
                yield from self.wait(select.POLLIN)
                continue
            if not part:
                raise OTAError("truncated", "inside the header")
            size += len(part)
            if size > _HEADERS:
                raise OTAError("http_header", "over %d bytes" % _HEADERS)
            if len(line) < _PART or (len(line) < _LINE and kept(line)):
                line += part
            if part[-1] != 10:
                continue
            if status is None:
                words = line.split(None, 2)
                if len(words) < 2 or not words[0].startswith(b"HTTP/1.") or not words[1].isdigit():
                    raise OTAError("http_header", "%s" % line[:_PART])
                status = int(words[1])
                headers[b"version"] = words[0]
            elif line.strip():
                name = kept(line)
                if name:
                    add(headers, name, line)
            elif 100 <= status < 200 and status != 101:
                headers = {}
                status = None
            else:
                return status, headers
            line = b""

    def receive(self, status, headers, sink):
        """The body into the sink."""
        length = headers.get(b"content-length")
        if length is not None:
            if not length.isdigit() or len(length) > 15:
                raise OTAError("http_header", "Content-Length: " + length)
            length = int(length)
        keeps = headers[b"version"] != b"HTTP/1.0" and headers.get(b"connection", "").lower() != "close"
        self._persistent = keeps and length is not None
        part = headers.get(b"content-range", "")
        if status == 416 and part == "bytes */%d" % sink.offset:
            yield from self.body(length or 0, len)
            return None
        if status == 206:
            if part.split("-")[0] != "bytes %d" % sink.offset or not sink.offset:
                raise OTAError("http_range", part or "no Content-Range")
        elif status != 200:
            if status == 416:
                sink.restart()
            refuse(status, self.url())
        if b"content-encoding" in headers:
            unusual().check_coding(headers[b"content-encoding"], self.url())
        start = b""
        if status == 200:
            if headers.get(b"content-type", "").startswith("text/html"):
                start = yield from self.start(length)
                unusual().check_page(start, self.url())
            # Also the answer of a server that knows no ranges: then it is the whole file again.
            sink.restart()
        if length is not None:
            sink.expect(length)
            length -= len(start)
        if start:
            sink.write(start)
        yield from self.body(length, sink.write)
        etag = headers.get(b"etag", "")
        return etag[1:-1] if len(etag) == 42 and etag[0] == '"' else None

    def body(self, length, write):
        self._extend_deadline()
        step = 0
        while length is None or length > 0:
            # Not one byte more than there is: TLS would wait for it.
            count = len(BUFFER) if length is None else min(len(BUFFER), length)
            count = self.stream.readinto(BUFFER[:count])
            if count is None:
                yield from self.wait(select.POLLIN)
                continue
            if not count:
                if length is None:
                    return
                raise OTAError("truncated", "%d bytes are missing" % length)
            base.feed()
            write(BUFFER[:count])
            if length is not None:
                length -= count
            step += count
            if step >= _STEP:
                step = 0
                self._extend_deadline()
            yield

    def start(self, length):
        """The first bytes of a body, 16 at most; one where its length is not known."""
        count = 1 if length is None else min(length, 16)
        start = b""
        self._extend_deadline()
        while len(start) < count:
            data = self.stream.read(count - len(start))
            if data is None:
                yield from self.wait(select.POLLIN)
            elif data:
                start += data
            else:
                break
        return start

    def follow(self, status, headers, sink, redirects):
        target = unusual().target(self.url(), status, headers[b"location"], redirects)
        # One socket at a time: of TLS, few boards can hold two. What was asked for ahead is asked for again.
        self.close()
        self._persistent = False
        self.ahead = 1
        headers = self.headers if target[:2] == (self.host, self.port) else None
        other = Client(target[0], target[1], self.timeout_ms, self.tls, headers)
        other.wait_ms = self.wait_ms
        other._context = self._context
        try:
            return (yield from other.fetch(target[2], sink, redirects - 1))
        finally:
            other.close()


def refuse(status, url):
    is_final = 300 <= status < 400 or status in (400, 401, 403, 404, 405, 410, 414, 431, 501, 511)
    raise OTAError("http_refused" if is_final else "http_status", "%d: %s" % (status, url))


def unusual():
    from airwaybill import answers

    return answers


def kept(line):
    """The header's name in lower case, if it is one that matters."""
    name = line[: line.find(b":")].lower()
    return name if b" %s " % name in KEPT else None


def add(headers, name, line):
    try:
        value = str(line[len(name) + 1 :], "utf-8").strip()
        name_text = str(name, "utf-8")
    except ValueError:  # UnicodeError
        raise OTAError("http_header", "not UTF-8")
    if len(line) >= _LINE:
        raise OTAError("http_header", "%s of over %d bytes" % (name_text, _LINE))
    if headers.get(name, value) != value:
        raise OTAError("http_header", "two values for " + name_text)
    headers[name] = value


def size_of(path):
    try:
        return os.stat(path)[6] if path else 0
    except OSError:
        return 0
