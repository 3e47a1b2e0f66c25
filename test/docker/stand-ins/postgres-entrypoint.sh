#!/bin/bash
# What the image of Postgres promises, for the settings that docker-compose.yml uses: on an empty volume it creates
# the cluster with the superuser's password from a file and runs the files of /docker-entrypoint-initdb.d; the
# server listens on its socket only meanwhile, and never runs as root.
set -euo pipefail
if [ "$(id -u)" = 0 ]; then
  mkdir -p "$PGDATA" /run/postgresql
  chown -R postgres /var/lib/postgresql /run/postgresql
  chmod 700 "$PGDATA"
  export POSTGRES_PASSWORD=$(cat "$POSTGRES_PASSWORD_FILE")
  exec gosu postgres "$0" "$@"
fi
if [ ! -s "$PGDATA/PG_VERSION" ]; then
  initdb --pgdata="$PGDATA" --username=postgres --auth-local=trust --auth-host=scram-sha-256 \
    --pwfile=<(printf '%s\n' "$POSTGRES_PASSWORD") >/dev/null
  echo 'host all all all scram-sha-256' >>"$PGDATA/pg_hba.conf"
  pg_ctl --pgdata="$PGDATA" --options="-c listen_addresses= -c unix_socket_directories=/run/postgresql" --wait start >/dev/null
  for file in /docker-entrypoint-initdb.d/*; do
    case $file in
    *.sql) PGHOST=/run/postgresql psql --username=postgres --set=ON_ERROR_STOP=1 --file="$file" ;;
    *) if [ -x "$file" ]; then PGHOST=/run/postgresql "$file"; else PGHOST=/run/postgresql . "$file"; fi ;;
    esac
  done
  pg_ctl --pgdata="$PGDATA" --mode=fast --wait stop >/dev/null
fi
unset POSTGRES_PASSWORD
exec "$@" -c listen_addresses='*' -c unix_socket_directories=/run/postgresql
