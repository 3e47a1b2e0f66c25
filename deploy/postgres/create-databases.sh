#!/bin/sh
# Postgres's image runs this once, on an empty volume. Each database gets an owner that owns nothing else. The
# migrations grant the rights of the programs' roles. The password of a role is the one in its URL.
set -eu

# postgres://role:password@host/database → password
password_of() {
  sed -n '1s|^[^:]*://[^:]*:\([^@]*\)@.*|\1|p' "/run/secrets/$1"
}

owner_password=$(password_of owner_database_url)
server_password=$(password_of server_database_url)
worker_password=$(password_of worker_database_url)
operator_password=$(password_of operator_database_url)
temporal_password=$(cat /run/secrets/temporal_database_password)
export owner_password server_password worker_password operator_password temporal_password

psql --no-psqlrc --quiet --set ON_ERROR_STOP=1 --username postgres --dbname postgres <<'SQL'
\getenv owner_password owner_password
\getenv server_password server_password
\getenv worker_password worker_password
\getenv operator_password operator_password
\getenv temporal_password temporal_password
CREATE ROLE rx_orders LOGIN PASSWORD :'owner_password';
CREATE DATABASE rx_orders OWNER rx_orders;
CREATE ROLE rx_orders_server LOGIN PASSWORD :'server_password';
CREATE ROLE rx_orders_worker LOGIN PASSWORD :'worker_password';
CREATE ROLE rx_orders_operator LOGIN PASSWORD :'operator_password';
CREATE ROLE temporal LOGIN PASSWORD :'temporal_password';
CREATE DATABASE temporal OWNER temporal;
CREATE DATABASE temporal_visibility OWNER temporal;
SQL
