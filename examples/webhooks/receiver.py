"""A webhook receiver in Python 3, with the standard library only.

    WEBHOOK_SECRET=whsec_... WEBHOOK_PORT=4021 python3 receiver.py

While a secret rotates, WEBHOOK_SECRET holds both, separated by a comma. Ctrl-C ends it.
"""

import base64
import hashlib
import hmac
import json
import os
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

TOLERANCE_SECONDS = 300
BODY_LIMIT_BYTES = 20 * 1024 * 1024
KEYS = [
    base64.b64decode(secret.removeprefix("whsec_"), validate=True)
    for secret in os.environ["WEBHOOK_SECRET"].split(",")
]
if any(len(key) < 24 for key in KEYS):
    raise SystemExit("WEBHOOK_SECRET: a secret is whsec_ and the base64 of 24 to 64 bytes")

# In production: a table with the key webhook-id, written in the same transaction as the work.
done = set()


def is_genuine(body, headers):
    """Whether a holder of a secret signed the bytes within the tolerance."""
    values = [headers.get_all(f"webhook-{name}", []) for name in ("id", "timestamp", "signature")]
    if any(len(value) != 1 for value in values):
        return False
    message_id, timestamp, signatures = (value[0] for value in values)
    signed = f"{message_id}.{timestamp}.".encode() + body
    expected = [
        b"v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()) for key in KEYS
    ]
    given = [signature.encode() for signature in signatures.split(" ")]
    if not any(hmac.compare_digest(a, b) for a in expected for b in given):
        return False
    return timestamp.isdecimal() and abs(time.time() - int(timestamp)) <= TOLERANCE_SECONDS


class Receiver(BaseHTTPRequestHandler):
    def do_POST(self):
        self.send_response(self.handle_webhook() if self.path == "/webhooks" else 404)
        self.send_header("content-length", "0")
        self.end_headers()

    def handle_webhook(self):
        length = int(self.headers.get("content-length", 0))
        if length > BODY_LIMIT_BYTES:
            self.close_connection = True
            return 413
        # The raw bytes, before any parsing.
        body = self.rfile.read(length)
        if not is_genuine(body, self.headers):
            return 401
        message_id = self.headers["webhook-id"]
        if message_id not in done:
            print(f"{message_id}: {json.loads(body)['event']}", flush=True)
            done.add(message_id)
        return 204

    def log_message(self, *_):
        """Logs no requests."""


server = ThreadingHTTPServer(("127.0.0.1", int(os.environ.get("WEBHOOK_PORT", "4021"))), Receiver)
print(f"listening on http://127.0.0.1:{server.server_port}/webhooks", flush=True)
try:
    server.serve_forever()
except KeyboardInterrupt:
    pass
