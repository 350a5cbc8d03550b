"""HTTP/2 as the tests need it.

Connection   a good client (python3-h2): many requests at a time from many threads
H2Browser    a Browser whose requests go over a Connection, which others may use as well
Frames       a client that sends any frames (hpack and hyperframe) and says what came back
"""
import socket
import ssl
import struct
import threading
import time

import h2.config
import h2.connection
import h2.events
import hpack

from .client import Browser, Reply

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
DATA, HEADERS, PRIORITY, RST_STREAM, SETTINGS = 0, 1, 2, 3, 4
PUSH_PROMISE, PING, GOAWAY, WINDOW_UPDATE, CONTINUATION = 5, 6, 7, 8, 9
END_STREAM, ACK, END_HEADERS, PADDED, PRIORITY_FLAG = 1, 1, 4, 8, 32
NO_ERROR, PROTOCOL_ERROR, INTERNAL_ERROR, FLOW_CONTROL_ERROR, SETTINGS_TIMEOUT = 0, 1, 2, 3, 4
STREAM_CLOSED, FRAME_SIZE_ERROR, REFUSED_STREAM, CANCEL, COMPRESSION_ERROR = 5, 6, 7, 8, 9
ENHANCE_YOUR_CALM = 11


class Reset(Exception):
    """The stream was reset; `reply` is what had come, or None without a head."""

    def __init__(self, code, reply):
        super().__init__(f"reset with {code}")
        self.code = code
        self.reply = reply

    @property
    def received(self):
        return self.reply.received if self.reply else b""


class Gone(Exception):
    """The connection ended before the answer was whole."""


def connect(port, source=None, timeout=20):
    plain = socket.create_connection(("127.0.0.1", port), timeout=timeout,
                                     source_address=(source, 0) if source else None)
    plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return plain


class _Secured:
    """TLS over memory, so that one thread may read while another writes."""

    def __init__(self, plain):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        context.set_alpn_protocols(["h2"])
        self._plain = plain
        self._lock = threading.Lock()
        self._in, self._out = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._tls = context.wrap_bio(self._in, self._out)
        while True:
            try:
                self._tls.do_handshake()
                break
            except ssl.SSLWantReadError:
                self._pass()
        self._plain.sendall(self._out.read())
        assert self._tls.selected_alpn_protocol() == "h2"

    def _pass(self):
        self._plain.sendall(self._out.read())
        data = self._plain.recv(65536)
        if not data:
            raise ConnectionResetError("closed in the handshake")
        self._in.write(data)

    def recv(self, size):
        while True:
            with self._lock:
                try:
                    return self._tls.read(size)
                except ssl.SSLWantReadError:
                    pass
                except ssl.SSLZeroReturnError:
                    return b""
            data = self._plain.recv(size)
            if not data:
                return b""
            with self._lock:
                self._in.write(data)

    def sendall(self, data):
        with self._lock:
            self._tls.write(data)
            self._plain.sendall(self._out.read())

    def shutdown(self, how):
        self._plain.shutdown(how)

    def close(self):
        self._plain.close()


class _Stream:
    def __init__(self):
        self.done = threading.Event()
        self.fields = []
        self.interim = []
        self.body = bytearray()
        self.ended = False
        self.reset = None

    def reply(self):
        if not self.fields:
            return None
        raw = "".join(f"{name}: {value}\r\n" for name, value in self.fields).encode()
        reply = Reply("HTTP/2", int(dict(self.fields)[":status"]), "", self.fields[1:], raw)
        reply.raw_body = bytes(self.body)
        reply.interim = self.interim
        return reply


class Connection:
    """One thread reads; any thread asks. `tls`: h2 is negotiated, no certificate checked."""

    def __init__(self, port, source=None, tls=False, timeout=20):
        self.socket = connect(port, source, timeout)
        if tls:
            self.socket = _Secured(self.socket)
        self.host = f"127.0.0.1:{port}"
        self._scheme = "https" if tls else "http"
        self._timeout = timeout
        self._lock = threading.RLock()
        self._room = threading.Condition(self._lock)
        self._streams = {}
        self.goaways = []
        self.closed = threading.Event()
        config = h2.config.H2Configuration(client_side=True, header_encoding="utf-8")
        self._h2 = h2.connection.H2Connection(config)
        self._h2.initiate_connection()
        self._flush()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        self.close()

    def close(self):
        try:
            self.socket.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        self._reader.join(self._timeout)
        self.socket.close()

    def get(self, target, fields=()):
        return self.request("GET", target, fields)

    def request(self, method, target, fields=(), body=None):
        return self.wait(self.begin(method, target, fields, body))

    def begin(self, method, target, fields=(), body=None):
        """Sends the request and returns its stream for wait()."""
        head = [(":method", method), (":scheme", self._scheme), (":authority", self.host),
                (":path", target)] + [(name.lower(), value) for name, value in fields]
        if body is not None:
            head.append(("content-length", str(len(body))))
        with self._lock:
            while self._h2.open_outbound_streams >= self._h2.remote_settings.max_concurrent_streams:
                if not self._room.wait(self._timeout) or self.closed.is_set():
                    raise Gone("no stream became free")
            if self.closed.is_set():
                raise Gone("the connection is closed")
            stream = self._h2.get_next_available_stream_id()
            self._streams[stream] = _Stream()
            self._h2.send_headers(stream, head, end_stream=body is None)
            self._flush()
        if body is not None:
            self._send_body(stream, body)
        return stream

    def is_answered(self, stream):
        return self._streams[stream].done.is_set()

    def wait(self, stream):
        """The reply; raises Reset or Gone."""
        state = self._streams[stream]
        if not state.done.wait(self._timeout):
            raise TimeoutError(f"no answer on stream {stream}")
        if state.ended:
            return state.reply()
        if state.reset is not None:
            raise Reset(state.reset, state.reply())
        raise Gone(f"stream {stream}")

    def reset(self, stream, code=CANCEL):
        with self._lock:
            self._h2.reset_stream(stream, code)
            self._flush()

    def _send_body(self, stream, body):
        at = 0
        while True:
            with self._lock:
                state = self._streams[stream]
                if state.done.is_set() or self.closed.is_set():
                    return
                room = min(self._h2.local_flow_control_window(stream),
                           self._h2.max_outbound_frame_size)
                if room <= 0 and at < len(body):
                    if not self._room.wait(self._timeout):
                        raise TimeoutError("the window stays shut")
                    continue
                piece = body[at:at + room]
                at += len(piece)
                self._h2.send_data(stream, piece, end_stream=at == len(body))
                self._flush()
                if at == len(body):
                    return

    def _flush(self):
        data = self._h2.data_to_send()
        if data:
            self.socket.sendall(data)

    def _read(self):
        try:
            while True:
                data = self.socket.recv(65536)
                if not data:
                    break
                with self._lock:
                    for event in self._h2.receive_data(data):
                        self._take(event)
                    self._flush()
                    self._room.notify_all()
        except (OSError, h2.exceptions.ProtocolError):
            pass
        with self._lock:
            self.closed.set()
            self._room.notify_all()
            for state in self._streams.values():
                state.done.set()

    def _take(self, event):
        state = self._streams.get(getattr(event, "stream_id", None))
        if isinstance(event, h2.events.ResponseReceived):
            state.fields = list(event.headers)
        elif isinstance(event, h2.events.InformationalResponseReceived):
            state.interim.append(dict(event.headers)[":status"])
        elif isinstance(event, h2.events.DataReceived):
            state.body += event.data
            self._h2.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
        elif isinstance(event, h2.events.StreamEnded):
            state.ended = True
            state.done.set()
        elif isinstance(event, h2.events.StreamReset) and state:
            state.reset = int(event.error_code)
            state.done.set()
        elif isinstance(event, h2.events.TrailersReceived):
            raise AssertionError("trailers were sent")
        elif isinstance(event, h2.events.ConnectionTerminated):
            self.goaways.append((int(event.error_code), event.last_stream_id))


class H2Browser(Browser):
    """Cookies of one user; the connection may be everybody's."""

    def __init__(self, connection, fields=()):
        super().__init__(0, fields=fields)
        self.connection = connection

    def _exchange(self, method, target, fields, body):
        return self.connection.request(method, target, fields, body)


def frame(kind, flags, stream, payload=b""):
    return struct.pack(">I", len(payload))[1:] + bytes((kind, flags)) + \
        struct.pack(">I", stream) + payload


class Frames:
    """Sends any frames. What came back is read by next_frame() and the waiting functions."""

    def __init__(self, port, settings=b"", hello=True, timeout=20):
        self.socket = connect(port, timeout=timeout)
        self.encoder = hpack.Encoder()
        self.decoder = hpack.Decoder()
        self.authority = f"127.0.0.1:{port}"
        self._pending = b""
        self.ended = False
        self.seen = []
        self.heads = {}                 # of each stream, the last one
        if hello:
            self.send(PREFACE + frame(SETTINGS, 0, 0, settings))

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        self.socket.close()

    def send(self, data):
        try:
            self.socket.sendall(data)
        except OSError:
            self.ended = True

    def hello(self):
        """Exchanges settings: both sides have acknowledged."""
        self.wait(lambda f: f[0] == SETTINGS and not f[1] & ACK)
        self.send(frame(SETTINGS, ACK, 0))
        self.wait(lambda f: f[0] == SETTINGS and f[1] & ACK)
        return self

    def head(self, *extra, method="GET", path="/page"):
        return [(":method", method), (":scheme", "http"), (":authority", self.authority),
                (":path", path), *extra]

    def headers(self, stream, fields, flags=END_HEADERS | END_STREAM):
        self.send(frame(HEADERS, flags, stream, self.encoder.encode(fields)))

    def get(self, stream, *extra, path="/page"):
        self.headers(stream, self.head(*extra, path=path))

    def next_frame(self, seconds=20):
        """(type, flags, stream, payload); None when the connection has ended."""
        self.socket.settimeout(seconds)
        while True:
            if len(self._pending) >= 9:
                size = int.from_bytes(self._pending[:3], "big")
                if len(self._pending) >= 9 + size:
                    kind, flags = self._pending[3], self._pending[4]
                    stream = int.from_bytes(self._pending[5:9], "big") & 0x7fffffff
                    payload = self._pending[9:9 + size]
                    self._pending = self._pending[9 + size:]
                    self.seen.append((kind, flags, stream, payload))
                    if kind == HEADERS:
                        self.heads[stream] = dict(self.decoder.decode(payload))
                    return self.seen[-1]
            if self.ended:
                return None
            try:
                data = self.socket.recv(65536)
            except ConnectionError:
                data = b""
            self.ended = not data
            self._pending += data

    def wait(self, wanted, seconds=5):
        """The next frame that is wanted; None when the connection ends before."""
        until = time.monotonic() + seconds
        while True:
            found = self.next_frame(max(0.01, until - time.monotonic()))
            if found is None or wanted(found):
                return found

    def status(self, stream, seconds=5):
        """The status of the answer on `stream`; None when there is none."""
        found = self.wait(lambda f: f[2] == stream and f[0] in (HEADERS, RST_STREAM)
                          or f[0] == GOAWAY, seconds)
        if found is None or found[0] != HEADERS:
            return None
        return int(self.heads[stream][":status"])

    def stream_error(self, stream, seconds=5):
        """The code that ended `stream`: of RST_STREAM, or of a GOAWAY; "closed" without."""
        found = self.wait(lambda f: f[0] == RST_STREAM and f[2] == stream or f[0] == GOAWAY,
                          seconds)
        if found is None:
            return "closed"
        at = 0 if found[0] == RST_STREAM else 4
        return int.from_bytes(found[3][at:at + 4], "big")

    def connection_error(self, seconds=5):
        """The code of the GOAWAY; "closed" when the connection ended without one."""
        found = self.wait(lambda f: f[0] == GOAWAY, seconds)
        return "closed" if found is None else int.from_bytes(found[3][4:8], "big")

    def is_alive(self):
        """Answers a PING."""
        self.send(frame(PING, 0, 0, b"areyouon"))
        try:
            return self.wait(lambda f: f[0] == PING and f[1] & ACK) is not None
        except TimeoutError:
            return False
