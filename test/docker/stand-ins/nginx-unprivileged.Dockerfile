# Stands for nginxinc/nginx-unprivileged: Debian's nginx.
FROM debian:bookworm-slim
RUN apt-get update \
 && apt-get install --yes --no-install-recommends curl nginx-light \
 && rm -rf /var/lib/apt/lists/*
USER 101
CMD ["nginx", "-g", "daemon off;"]
