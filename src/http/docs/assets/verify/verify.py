# WEBHOOK_SECRET=whsec_… python3 verify.py ID TIMESTAMP SIGNATURES <body
import base64
import hashlib
import hmac
import os
import sys
import time


def is_genuine(secret, message_id, timestamp, signatures, body):
    key = base64.b64decode(secret.removeprefix("whsec_"))
    signed = f"{message_id}.{timestamp}.".encode() + body
    digest = hmac.new(key, signed, hashlib.sha256).digest()
    expected = b"v1," + base64.b64encode(digest)
    given = [text.encode() for text in signatures.split(" ")]
    matches = any(hmac.compare_digest(text, expected) for text in given)
    return matches and abs(time.time() - int(timestamp)) <= 300


body = sys.stdin.buffer.read()  # The raw bytes, before any parsing.
genuine = is_genuine(os.environ["WEBHOOK_SECRET"], *sys.argv[1:4], body)
print("genuine" if genuine else "forged or too old")
sys.exit(0 if genuine else 1)
