#!/bin/sh
# Brings the schema of Temporal's two databases to the version of the tool. It may run again: the tool skips what
# is there. `create-databases.sh` created the databases. Without containers, set SQL_PASSWORD and the variables that
# docker-compose.yml sets.
set -eu
SQL_PASSWORD=${SQL_PASSWORD:-$(cat /run/secrets/temporal_database_password)}
export SQL_PASSWORD

# update DATABASE SCHEMA
update() {
  temporal-sql-tool --database "$1" setup-schema --version 0.0
  temporal-sql-tool --database "$1" update-schema --schema-name "postgresql/v12/$2"
}

update temporal temporal
update temporal_visibility visibility
