# Stands for temporalio/admin-tools: the two tools that the jobs call.
FROM debian:bookworm-slim
RUN useradd --uid 1000 temporal
COPY temporal temporal-sql-tool /usr/local/bin/
USER temporal
WORKDIR /etc/temporal
ENTRYPOINT ["sleep", "infinity"]
