# Stands for temporalio/server: the program, built from its sources, and `nc`.
FROM debian:bookworm-slim
RUN apt-get update \
 && apt-get install --yes --no-install-recommends netcat-openbsd \
 && rm -rf /var/lib/apt/lists/* \
 && useradd --uid 1000 temporal
COPY server /usr/local/bin/temporal-server
USER temporal
WORKDIR /etc/temporal
