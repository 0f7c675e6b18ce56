"""HTTP for updates: one connection, several requests ahead, parts resumed. HTTP/1.0 where the server wants that."""

try:
    import select
    import socket
except ImportError:
    import uselect as select
    import usocket as socket

from OTA import BUFFER, OTA, OTAError, os, time

LINE = 512
PART = 64
LINES = 64
AHEAD = 8
STEP = 256  # so many bytes have to come in each timeout
FEED_MS = 500
EAGAIN = (11, 35)
KEPT_HEADERS = ("content-length", "content-range", "connection", "transfer-encoding", "etag")
FINAL = (400, 401, 403, 404, 405, 410, 414, 431, 501)


class Client:
    def __init__(self, host, port, timeout_ms):
        self._host = host
        self._port = port
        self._timeout = timeout_ms
        self._socket = None
        self._poll = None
        self._deadline = 0
        self._wanted = []  # (request, path) in the order in which they will be fetched
        self._sent = []  # the offset asked for, for each of the first of them
        self._last = None  # what was fetched last
        self._persistent = False  # the server keeps connections
        self._old = False  # HTTP/1.0
        self._failures = 0

    def announce(self, request, path):
        self._wanted.append((request, path))

    def fetch(self, request, path, sink):
        """Fetches into the sink. The SHA-1 that the server gives the whole content as its ETag, or None."""
        if not self._wanted or self._wanted[0] != (request, path):
            if self._sent:
                self.close()
            # Asked for once more, as its hash did not hold: what was announced after it still comes.
            self._wanted = [(request, path)] + (self._wanted if self._last == (request, path) else [])
        if self._sent and self._sent[0] != sink.offset:
            self.close()
        reused = bool(self._sent) or self._socket is not None
        try:
            try:
                self._send_ahead(sink.offset)
                status, headers = self._head()
            except (OSError, OTAError):
                # A server may close a connection that lay idle; that is no failed try.
                if not reused:
                    raise
                self.close()
                self._send_ahead(sink.offset)
                status, headers = self._head()
            digest = self._receive(status, headers, sink)
        except (OSError, OTAError):
            self.close()
            self._failures += 1
            raise
        self._last = self._wanted.pop(0)
        if self._sent:
            self._sent.pop(0)
        if not self._persistent:
            self.close()
        return digest

    def close(self):
        self._sent = []
        if self._socket:
            self._socket.close()
            self._socket = None

    def _send_ahead(self, offset):
        # Some middle boxes cannot take requests ahead: after some failures, one at a time.
        ahead = AHEAD if self._persistent and self._failures < 3 else 1
        if not self._socket:
            self._open()
        while len(self._sent) < min(ahead, len(self._wanted)):
            request, path = self._wanted[len(self._sent)]
            start = offset if not self._sent else size_of(path)
            self._send(request, start)
            self._sent.append(start)

    def _open(self):
        address = socket.getaddrinfo(self._host, self._port, 0, socket.SOCK_STREAM)[0]
        self._socket = socket.socket(address[0])
        self._socket.settimeout(self._timeout / 1000)
        try:
            self._socket.connect(address[-1])
        except OSError:
            self.close()
            raise
        self._socket.setblocking(False)
        self._poll = select.poll()
        self._poll.register(self._socket, select.POLLIN)

    def _send(self, request, offset):
        host = "[%s]" % self._host if ":" in self._host else self._host
        lines = "GET /%s HTTP/1.%d\r\nHost: %s:%d\r\n" % (request, 0 if self._old else 1, host, self._port)
        if offset:
            lines += "Range: bytes=%d-\r\n" % offset
        data = (lines + "\r\n").encode()
        self._extend_deadline()
        while data:
            try:
                data = data[self._socket.send(data) :]
            except OSError as error:
                if error.args[0] not in EAGAIN:
                    raise
                self._poll.modify(self._socket, select.POLLOUT)
                self._wait()
                self._poll.modify(self._socket, select.POLLIN)

    def _extend_deadline(self):
        self._deadline = time.ticks_add(time.ticks_ms(), self._timeout)

    def _wait(self):
        while True:
            OTA.feed()
            left = time.ticks_diff(self._deadline, time.ticks_ms())
            if left <= 0:
                raise OTAError("timeout", "under %d bytes in %d ms" % (STEP, self._timeout))
            if self._poll.poll(min(left, FEED_MS)):
                return

    def _line(self):
        line = b""
        while True:
            part = self._socket.readline(PART)
            if part:
                line += part
                if line[-1] == 10:
                    return str(line, "utf-8").strip()
                if len(line) >= LINE:
                    raise OTAError("http_header", "a line of over %d bytes" % LINE)
            elif part is None:
                self._wait()
            else:
                raise OTAError("truncated", "in the header")

    def _head(self):
        """The status and the headers that matter, by lower-case name."""
        self._extend_deadline()
        try:
            line = self._line()
            words = line.split(None, 2)
            if len(words) < 2 or not words[0].startswith("HTTP/1.") or not words[1].isdigit():
                raise OTAError("http_header", line)
            headers = {"version": words[0]}
            for _ in range(LINES):
                line = self._line()
                if not line:
                    return int(words[1]), headers
                colon = line.find(":")
                if colon < 1:
                    raise OTAError("http_header", line)
                name = line[:colon].lower()
                value = line[colon + 1 :].strip()
                if name in KEPT_HEADERS:
                    if headers.get(name, value) != value:
                        raise OTAError("http_header", "two values of " + name)
                    headers[name] = value
        except ValueError:  # UnicodeError
            raise OTAError("http_header", "no text")
        raise OTAError("http_header", "over %d lines" % LINES)

    def _receive(self, status, headers, sink):
        """The body into the sink."""
        length = headers.get("content-length")
        if length is not None:
            if not length.isdigit() or len(length) > 15:
                raise OTAError("http_header", "Content-Length: " + length)
            length = int(length)
        keeps = headers["version"] != "HTTP/1.0" and headers.get("connection", "").lower() != "close"
        self._persistent = keeps and length is not None
        if "transfer-encoding" in headers:
            # HTTP/1.0 has none.
            self._old = True
            raise OTAError("http_header", "Transfer-Encoding: " + headers["transfer-encoding"])
        if status == 206:
            start = headers.get("content-range", "").split("-")[0]
            if start != "bytes %d" % sink.offset or not sink.offset:
                raise OTAError("http_range", headers.get("content-range", "no Content-Range"))
        elif status == 200:
            # Also the answer of a server that knows no ranges: then it is the whole file again.
            sink.restart()
        elif status == 416 and headers.get("content-range") == "bytes */%d" % sink.offset:
            self._drain(length)
            return None
        else:
            if status == 416:
                sink.restart()
            if status == 505:
                self._old = True
            raise OTAError("http_refused" if status in FINAL or 300 <= status < 400 else "http_status", str(status))
        if length is not None:
            sink.expect(length)
        self._body(length, sink.write)
        etag = headers.get("etag", "")
        return etag[1:-1] if len(etag) == 42 and etag[0] == '"' else None

    def _body(self, length, write):
        self._extend_deadline()
        step = 0
        while length is None or length > 0:
            count = len(BUFFER) if length is None else min(len(BUFFER), length)
            count = self._socket.readinto(BUFFER[:count])
            if count is None:
                self._wait()
                continue
            if not count:
                if length is None:
                    return
                raise OTAError("truncated", "%d bytes are missing" % length)
            write(BUFFER[:count])
            if length is not None:
                length -= count
            step += count
            if step >= STEP:
                step = 0
                self._extend_deadline()

    def _drain(self, length):
        if length is None:
            self._persistent = False
        else:
            self._body(length, len)


def size_of(path):
    try:
        return os.stat(path)[6] if path else 0
    except OSError:
        return 0
