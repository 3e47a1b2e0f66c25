#!/bin/sh
# Verifies a saved webhook with openssl: the raw body in one file, the headers in another
# (`name: value`, one per line).
#
#   WEBHOOK_SECRET=whsec_… verify.sh BODY HEADERS [SEEN]
#
# SEEN is a file with the ids that were handled; this one's id is appended. Exit code 0: genuine and new;
# 1: not genuine; 3: handled before. The script prints the age of the timestamp but does not judge it,
# because a saved webhook is old. While it runs, other users can see the key in the arguments of openssl.
set -eu

body=$1 headers=$2 seen=${3:-/dev/null}

header() {
  value=$(tr -d '\r' <"$headers" | grep -i "^$1: *" | sed 's/^[^:]*: *//')
  # A header that occurs twice proves nothing.
  [ "$(printf '%s\n' "$value" | wc -l)" -eq 1 ] && [ -n "$value" ] || {
    echo "refused: $1 is missing or occurs more than once" >&2
    exit 1
  }
  printf %s "$value"
}

id=$(header webhook-id)
timestamp=$(header webhook-timestamp)
signatures=$(header webhook-signature)

key=$(printf %s "${WEBHOOK_SECRET#whsec_}" | openssl base64 -d -A | od -An -v -tx1 | tr -d ' \n')
[ "${#key}" -ge 48 ] || { echo 'WEBHOOK_SECRET is not a whsec_ secret' >&2; exit 2; }
expected=v1,$({ printf '%s.%s.' "$id" "$timestamp"; cat "$body"; } |
  openssl dgst -sha256 -mac HMAC -macopt "hexkey:$key" -binary | openssl base64 -A)

case " $signatures " in
  *" $expected "*) ;;
  *) echo 'refused: no signature matches this body and this secret' >&2; exit 1 ;;
esac
if grep -qxF -- "$id" "$seen"; then
  echo "seen before: $id"
  exit 3
fi
printf '%s\n' "$id" >>"$seen"
echo "genuine: $id, signed $(($(date +%s) - timestamp)) s ago"
