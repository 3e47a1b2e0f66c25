#!/bin/sh
# Creates the namespace of orders when it is missing, and waits until Temporal serves it. The worker registers the
# search attributes.
set -eu
deadline=$(($(date +%s) + 120))
until temporal operator namespace describe --namespace "$TEMPORAL_NAMESPACE" >/dev/null 2>&1; do
  temporal operator namespace create --namespace "$TEMPORAL_NAMESPACE" --retention 720h || true
  if [ "$(date +%s)" -gt "$deadline" ]; then
    echo "Temporal does not serve the namespace $TEMPORAL_NAMESPACE" >&2
    exit 1
  fi
  sleep 1
done
