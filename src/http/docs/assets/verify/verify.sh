#!/bin/sh
# WEBHOOK_SECRET=whsec_… sh verify.sh ID TIMESTAMP SIGNATURES <body
set -eu
id=$1 timestamp=$2 signatures=$3

key=$(printf %s "${WEBHOOK_SECRET#whsec_}" | openssl base64 -d -A | od -An -v -tx1 | tr -d ' \n')
expected=v1,$({ printf '%s.%s.' "$id" "$timestamp"; cat; } |
  openssl dgst -sha256 -mac HMAC -macopt "hexkey:$key" -binary | openssl base64 -A)

case " $signatures " in *" $expected "*) ;; *) echo forged; exit 1 ;; esac
age=$(($(date +%s) - timestamp))
[ "$age" -le 300 ] && [ "$age" -ge -300 ] || { echo 'too old'; exit 1; }
echo genuine
