#!/bin/sh
# Verifies a webhook that was saved, with openssl: the body's bytes in one file, the headers in another
# (`name: value`, one a line).
#
#   WEBHOOK_SECRET=whsec_… verify.sh BODY HEADERS [SEEN]
#
# SEEN is a file of the ids that were taken before, to which this one's is added. Exit code 0: genuine
# and new; 1: not genuine; 3: seen before. It says nothing of the timestamp's age but the age itself:
# what was saved grows old. Other users see a command's arguments, and so the key, while it runs.
set -eu

body=$1 headers=$2 seen=${3:-/dev/null}

header() {
  value=$(tr -d '\r' <"$headers" | grep -i "^$1: *" | sed 's/^[^:]*: *//')
  # Two of a name prove nothing.
  [ "$(printf '%s\n' "$value" | wc -l)" -eq 1 ] && [ -n "$value" ] || {
    echo "refused: $1 is missing, or there more than once" >&2
    exit 1
  }
  printf %s "$value"
}

id=$(header webhook-id)
timestamp=$(header webhook-timestamp)
signatures=$(header webhook-signature)

key=$(printf %s "${WEBHOOK_SECRET#whsec_}" | openssl base64 -d -A | od -An -v -tx1 | tr -d ' \n')
[ "${#key}" -ge 48 ] || { echo 'WEBHOOK_SECRET is no whsec_ secret' >&2; exit 2; }
expected=v1,$({ printf '%s.%s.' "$id" "$timestamp"; cat "$body"; } |
  openssl dgst -sha256 -mac HMAC -macopt "hexkey:$key" -binary | openssl base64 -A)

case " $signatures " in
  *" $expected "*) ;;
  *) echo 'refused: no signature is of this body with this secret' >&2; exit 1 ;;
esac
if grep -qxF -- "$id" "$seen"; then
  echo "seen before: $id"
  exit 3
fi
printf '%s\n' "$id" >>"$seen"
echo "genuine: $id, signed $(($(date +%s) - timestamp)) s ago"
