#!/bin/sh
# Writes the secrets that docker-compose.yml reads into secrets/, one file each, with openssl. A file that exists
# is kept: run it again after an upgrade that needs another secret.
#   sh scripts/make-secrets.sh [FOLDER]
# The containers run as other users than you, so the files are readable by all and the folder is yours only.
set -eu
folder=${1:-secrets}
umask 077
mkdir -p "$folder/app"
# Files of your own for the programs: a certificate, an API key of Temporal Cloud, credentials of a bucket.
chmod 755 "$folder/app"

write() {
  [ -s "$folder/$1" ] && return
  printf '%s\n' "$2" >"$folder/$1.new"
  chmod 444 "$folder/$1.new"
  mv "$folder/$1.new" "$folder/$1"
  echo "wrote $folder/$1"
}

random() {
  openssl rand -hex 24
}

# Each is the secret of the variable in capitals: hash_secret is HASH_SECRET.
write hash_secret "$(random)"
write encryption_keys "$(date +%Y-%m):$(openssl rand -base64 32)"
write codec_server_token "$(random)"
write grafana_password "$(random)"
write postgres_password "$(random)"
write temporal_database_password "$(random)"
for role in owner server worker operator; do
  name=rx_orders_$role
  [ "$role" = owner ] && name=rx_orders
  write "${role}_database_url" "postgres://$name:$(random)@postgres:5432/rx_orders"
done
