"""A pharmacy that speaks the protocol of docs/pharmacy-protocol.md, in Python 3: a template.

    PHARMACY_TOKEN=... PHARMACY_PORT=4030 python3 pharmacy_server.py

With RX_WEBHOOK_URL and RX_WEBHOOK_SECRET (whsec_...) it sends webhooks. COMPLETE_AFTER_MS is the time
from acceptance to completion. It needs the standard library only. Ctrl-C ends it.
"""

import base64
import hashlib
import hmac
import json
import os
import threading
import time
import urllib.request
import uuid
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

BODY_LIMIT_BYTES = 1024 * 1024
TOKEN = os.environ["PHARMACY_TOKEN"]
WEBHOOK_URL = os.environ.get("RX_WEBHOOK_URL", "")
WEBHOOK_KEY = base64.b64decode(os.environ.get("RX_WEBHOOK_SECRET", "").removeprefix("whsec_"))
COMPLETE_AFTER_SECONDS = int(os.environ.get("COMPLETE_AFTER_MS", "3000")) / 1000

# In production: a table with a unique index on reference, so that an order cannot be created twice.
orders = {}
lock = threading.Lock()


def view(order):
    """The order as the protocol shows it."""
    seen = {key: order[key] for key in ("id", "reference", "status")}
    document = order.get("document")
    if document is None:
        return {**seen, "documents": []}
    described = {
        "id": f"{order['id']}-prescription",
        "name": "prescription.pdf",
        "contentType": "application/pdf",
        "size": len(document),
        "sha256": hashlib.sha256(document).hexdigest(),
        # Relative to the base URL; a signed link to object storage works too.
        "url": f"orders/{order['id']}/document",
    }
    return {**seen, "documents": [described]}


def complete(order):
    with lock:
        if order["status"] != "accepted":
            return
        # In production: the signed prescription. Store the bytes, because a document must never change.
        order["document"] = (
            "%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n"
            "2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n"
            "3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 300 144]>>endobj\n"
            f"trailer<</Root 1 0 R>>\n% order {order['id']}\n%%EOF\n"
        ).encode()
        order["status"] = "completed"
    if WEBHOOK_URL:
        notify(order)


def notify(order):
    """Sends the webhook until it is answered with 2xx. In production: from a queue that survives a restart."""
    data = {key: order[key] for key in ("id", "reference", "status")}
    body = json.dumps({"type": f"order.{order['status']}", "data": data}).encode()
    webhook_id = f"msg_{uuid.uuid4()}"
    for attempt in range(8):
        timestamp = str(int(time.time()))
        signed = f"{webhook_id}.{timestamp}.".encode() + body
        signature = base64.b64encode(hmac.new(WEBHOOK_KEY, signed, hashlib.sha256).digest()).decode()
        headers = {
            "content-type": "application/json",
            "webhook-id": webhook_id,
            "webhook-timestamp": timestamp,
            "webhook-signature": f"v1,{signature}",
        }
        try:
            with urllib.request.urlopen(urllib.request.Request(WEBHOOK_URL, body, headers), timeout=10):
                return
        except OSError:
            time.sleep(0.5 * 2**attempt)


class Pharmacy(BaseHTTPRequestHandler):
    def do_GET(self):
        self.answer(*self.handle_request(b""))

    def do_POST(self):
        length = int(self.headers.get("content-length", 0))
        if length > BODY_LIMIT_BYTES:
            self.close_connection = True
            return self.answer(413, {"code": "TOO_LARGE", "message": "The body is too large."})
        self.answer(*self.handle_request(self.rfile.read(length)))

    def handle_request(self, body):
        # Before anything else, so that an unauthorized request learns nothing.
        given = self.headers.get("authorization", "").encode()
        if not hmac.compare_digest(given, f"Bearer {TOKEN}".encode()):
            return 401, {"code": "UNAUTHORIZED", "message": "The bearer token is wrong."}
        url = urlsplit(self.path)
        collection, order_id, action, *_ = [*url.path.split("/")[1:], "", "", ""]
        if collection == "orders" and self.command == "POST" and order_id == "":
            return self.place(body)
        reference = parse_qs(url.query).get("reference", [""])[0].lower()
        matches = (each for each in list(orders.values()) if each["id"] == order_id or each["reference"] == reference)
        order = next(matches, None)
        if collection != "orders" or order is None:
            return 404, {"code": "ORDER_UNKNOWN", "message": "The pharmacy has no such order."}
        if self.command == "POST" and action == "cancel":
            with lock:
                if order["status"] == "completed":
                    return 409, view(order)
                order["status"] = "cancelled"
            return 200, view(order)
        if action == "document" and "document" in order:
            return 200, order["document"]
        if action != "":
            return 404, {"code": "ROUTE_UNKNOWN", "message": "There is no such route."}
        return 200, view(order)

    def place(self, body):
        try:
            request = json.loads(body)
            reference = request["reference"].lower()
            items = request.get("prescription", {}).get("prescriptionItems")
        except (ValueError, KeyError, TypeError, AttributeError):
            return 400, {"code": "REFERENCE_REQUIRED", "message": "reference is required."}
        with lock:
            # The same reference is the same order, also after a lost answer.
            if reference in orders:
                return 409, view(orders[reference])
            if not items:
                return 422, {"code": "NO_ITEMS", "message": "The prescription has no items."}
            order = {"id": f"rx-{uuid.uuid4()}", "reference": reference, "status": "accepted"}
            orders[reference] = order
        timer = threading.Timer(COMPLETE_AFTER_SECONDS, complete, [order])
        timer.daemon = True
        timer.start()
        return 201, view(order)

    def answer(self, status, body):
        is_document = isinstance(body, bytes)
        content = body if is_document else json.dumps(body).encode()
        self.send_response(status)
        self.send_header("content-type", "application/pdf" if is_document else "application/json")
        self.send_header("content-length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_):
        """Logs no requests: their bodies hold patient data."""


server = ThreadingHTTPServer(("127.0.0.1", int(os.environ.get("PHARMACY_PORT", "4030"))), Pharmacy)
print(f"listening on http://127.0.0.1:{server.server_port}", flush=True)
try:
    server.serve_forever()
except KeyboardInterrupt:
    pass
