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
IN_PROGRESS = (115, 119, 36)  # lwIP and Linux, ESP-IDF, macOS
KEPT = b" content-length content-range content-encoding content-type connection transfer-encoding etag location "


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
        self._host = host
        self._port = port
        self._timeout = timeout_ms
        self._tls = tls
        self._context = None
        self._headers = headers or {}
        self._prefix = prefix.strip("/")
        if self._prefix:
            self._prefix += "/"
        name = "[%s]" % host if ":" in host else host
        if port != (80 if tls is None else 443):
            name += ":%d" % port
        self._origin = ("http://" if tls is None else "https://") + name
        self._lines = "Host: %s\r\n" % name
        for item in self._headers.items():
            line = "%s: %s" % item
            if "\n" in line or "\r" in line:
                raise OTAError("http_header", "headers= has a line break in %s" % item[0])
            self._lines += line + "\r\n"
        self._address = None
        self._stream = None  # what is read and written: the socket, or TLS over it
        self._socket = None
        self._poll = None
        self._deadline = 0
        self._wanted = []  # (request, path) in the order in which they will be fetched
        self._sent = []  # the offset asked for, for each of the first of them
        self._last = None  # what was fetched last
        self._persistent = False  # the server keeps connections
        self._old = False  # HTTP/1.0
        self._ahead = _AHEAD
        self._failures = 0

    def announce(self, request, path=None):
        """Says what will be fetched after what was announced before. `path` is the file that may have a part of it."""
        self._wanted.append((request, path))

    def fetch(self, request, sink, redirects=3):
        """Fetches into the sink. The SHA-1 that the server gives the whole content as its ETag, or None."""
        if not self._wanted or self._wanted[0][0] != request:
            if self._sent:
                self.close()
            # Asked for once more, as its hash did not hold: what was announced after it still comes.
            self._wanted = [(request, None)] + (self._wanted if self._last == request else [])
        if self._sent and self._sent[0] != sink.offset:
            self.close()
        done = False
        try:
            status, headers = yield from self._ask(sink.offset)
            if b"location" in headers and 300 <= status < 400:
                digest = yield from self._follow(status, headers, sink, redirects)
            else:
                digest = yield from self._receive(status, headers, sink)
            done = True
        finally:
            if not done:
                self.close()
                self._address = None
                self._failures += 1
        self._wanted.pop(0)
        self._last = request
        if self._sent:
            self._sent.pop(0)
        if not self._persistent:
            self.close()
        return digest

    def close(self):
        self._sent = []
        # TLS whose handshake failed no longer closes what is below it (micropython#19630).
        for stream in (self._stream, self._socket):
            if stream:
                stream.close()
        self._stream = self._socket = self._poll = None

    def _path(self, request):
        return "/" + (request if request.startswith(self._prefix) else self._prefix + request)

    def _url(self):
        return self._origin + self._path(self._wanted[0][0])

    def _ask(self, offset):
        """The response to the first request that is wanted: its status and the headers that matter."""
        while True:
            reused = self._stream is not None
            try:
                yield from self._send_ahead(offset)
                status, headers = yield from self._head()
            except (OSError, OTAError):
                # A server may close a connection that lay idle; that is no failed try.
                if not reused:
                    raise
                self.close()
                continue
            if b"transfer-encoding" not in headers and status != 505:
                return status, headers
            # HTTP/1.0 has no chunks.
            if self._old:
                coding = headers.get(b"transfer-encoding", status)
                raise OTAError("http_header", "Transfer-Encoding: %s, even in HTTP/1.0" % coding)
            self._old = True
            self.close()

    def _send_ahead(self, offset):
        # Some middle boxes cannot take requests ahead: after some failures, one at a time.
        ahead = self._ahead if self._persistent and self._failures < 3 else 1
        if not self._stream:
            yield from self._open()
        while len(self._sent) < min(ahead, len(self._wanted)):
            request, path = self._wanted[len(self._sent)]
            start = offset if not self._sent else size_of(path)
            yield from self._send(request, start)
            self._sent.append(start)

    def _open(self):
        base.feed()
        if not self._address:
            # A name takes as long as the port's resolver does, at which nothing can be fed.
            try:
                self._address = socket.getaddrinfo(self._host, self._port, 0, socket.SOCK_STREAM)[0]
            except OSError as error:
                raise OTAError("link", "no address for %s: %s" % (self._host, error))
            base.feed()
        self._extend_deadline()
        self._socket = socket.socket(self._address[0])
        self._socket.setblocking(False)
        self._register(self._socket)
        try:
            self._socket.connect(self._address[-1])
        except OSError as error:
            if error.args[0] not in IN_PROGRESS:
                raise
            yield from self._wait(select.POLLOUT)
        if self._tls is None:
            self._stream = self._socket
        else:
            from airwaybill import tls

            if not self._context:
                self._context = tls.context(self._tls)
            self._stream = tls.wrap(self._context, self._socket, self._host, self._origin)
            self._register(self._stream)

    def _register(self, stream):
        self._poll = select.poll()
        self._poll.register(stream, select.POLLIN)

    def _send(self, request, offset):
        data = "GET %s HTTP/1.%d\r\n%s" % (self._path(request), 0 if self._old else 1, self._lines)
        if offset:
            data += "Range: bytes=%d-\r\n" % offset
        data = (data + "\r\n").encode()
        self._extend_deadline()
        while data:
            try:
                count = self._stream.write(data)
            except (OSError, ValueError) as error:
                # The first write is what TLS shakes hands in.
                if self._tls is not None and not self._sent:
                    from airwaybill import tls

                    tls.explain(error, self._origin)
                raise
            if count is None:
                yield from self._wait(select.POLLOUT)
            else:
                data = data[count:]

    def _extend_deadline(self):
        self._deadline = time.ticks_add(time.ticks_ms(), self._timeout)

    def _wait(self, event):
        self._poll.modify(self._stream or self._socket, event)
        while True:
            base.feed()
            left = time.ticks_diff(self._deadline, time.ticks_ms())
            if self._poll.poll(max(0, min(left, self.wait_ms))):
                return
            if left <= 0:
                if not self._stream:
                    raise OTAError("timeout", "no connection to %s in %d ms" % (self._origin, self._timeout))
                raise OTAError("timeout", "under %d bytes in %d ms" % (_STEP, self._timeout))
            yield

    def _head(self):
        """The status and the headers that matter, by lower-case name. All others are passed over as they come."""
        self._extend_deadline()
        headers = {}
        status = None
        line = b""
        size = 0
        while True:
            part = self._stream.readline(_PART)
            if part is None:
                yield from self._wait(select.POLLIN)
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

    def _receive(self, status, headers, sink):
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
            yield from self._body(length or 0, len)
            return None
        if status == 206:
            if part.split("-")[0] != "bytes %d" % sink.offset or not sink.offset:
                raise OTAError("http_range", part or "no Content-Range")
        elif status != 200:
            if status == 416:
                sink.restart()
            unusual().refuse(status, self._url())
        if b"content-encoding" in headers:
            unusual().check_coding(headers[b"content-encoding"], self._url())
        start = b""
        if status == 200:
            if headers.get(b"content-type", "").startswith("text/html"):
                start = yield from self._start(length)
                unusual().check_page(start, self._url())
            # Also the answer of a server that knows no ranges: then it is the whole file again.
            sink.restart()
        if length is not None:
            sink.expect(length)
            length -= len(start)
        if start:
            sink.write(start)
        yield from self._body(length, sink.write)
        etag = headers.get(b"etag", "")
        return etag[1:-1] if len(etag) == 42 and etag[0] == '"' else None

    def _body(self, length, write):
        self._extend_deadline()
        step = 0
        while length is None or length > 0:
            # Not one byte more than there is: TLS would wait for it.
            count = len(BUFFER) if length is None else min(len(BUFFER), length)
            count = self._stream.readinto(BUFFER[:count])
            if count is None:
                yield from self._wait(select.POLLIN)
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

    def _start(self, length):
        """The first bytes of a body, 16 at most; one where its length is not known."""
        count = 1 if length is None else min(length, 16)
        start = b""
        self._extend_deadline()
        while len(start) < count:
            data = self._stream.read(count - len(start))
            if data is None:
                yield from self._wait(select.POLLIN)
            elif data:
                start += data
            else:
                break
        return start

    def _follow(self, status, headers, sink, redirects):
        target = unusual().target(self._url(), status, headers[b"location"], redirects)
        # One socket at a time: of TLS, few boards can hold two. What was asked for ahead is asked for again.
        self.close()
        self._persistent = False
        self._ahead = 1
        headers = self._headers if target[:2] == (self._host, self._port) else None
        other = Client(target[0], target[1], self._timeout, self._tls, headers)
        other.wait_ms = self.wait_ms
        other._context = self._context
        try:
            return (yield from other.fetch(target[2], sink, redirects - 1))
        finally:
            other.close()


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
