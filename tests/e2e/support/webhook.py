"""A receiver of Standard Webhooks that verifies every signature; can be stopped and restarted."""
import base64
import hashlib
import hmac
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

SECRET_KEY = b"0123456789abcdef0123456789abcdef"
SECRET = "whsec_" + base64.b64encode(SECRET_KEY).decode()


def signature(key, message_id, timestamp, body):
    signed = f"{message_id}.{timestamp}.".encode() + body
    return "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()


class Delivery:
    def __init__(self, headers, verified, body):
        self.headers = {name.lower(): value for name, value in headers.items()}
        self.id = headers.get("webhook-id", "")
        self.timestamp = headers.get("webhook-timestamp", "")
        self.verified = verified
        self.raw = body.decode()
        self.body = json.loads(body)
        self.type = self.body.get("type")


class Receiver:
    """`answers`: statuses to give in turn, the last one for ever; 200 by default."""

    def __init__(self, port, answers=(200,)):
        self.port = port
        self.deliveries = []
        self._answers = list(answers)
        self._lock = threading.Lock()
        self._server = None
        self.start()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}/hook"

    def start(self):
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                self.send_response(receiver.take(self.headers, body))
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *unused):
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", self.port), Handler)
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def stop(self):
        if self._server:
            self._server.shutdown()
            self._server.server_close()
            self._server = None

    def take(self, headers, body):
        message_id = headers.get("webhook-id", "")
        timestamp = headers.get("webhook-timestamp", "")
        wanted = signature(SECRET_KEY, message_id, timestamp, body)
        given = headers.get("webhook-signature", "").split(" ")
        with self._lock:
            status = self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]
            if status // 100 == 2:
                self.deliveries.append(Delivery(headers, wanted in given, body))
        return status

    def of_type(self, kind):
        with self._lock:
            return [delivery for delivery in self.deliveries if delivery.type == kind]

    def all_verified(self):
        with self._lock:
            return all(delivery.verified for delivery in self.deliveries)
