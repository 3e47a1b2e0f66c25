# Stands for temporalio/ui: its program and its template of the configuration, and busybox.
FROM debian:bookworm-slim
RUN apt-get update \
 && apt-get install --yes --no-install-recommends busybox \
 && rm -rf /var/lib/apt/lists/* \
 && ln -s /bin/busybox /usr/local/bin/wget \
 && useradd --uid 1000 temporal
WORKDIR /home/ui-server
COPY ui-server ./
COPY docker.yaml config/
USER temporal
EXPOSE 8080
ENTRYPOINT ["./ui-server", "--env", "docker", "start"]
