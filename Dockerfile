# Builds two images. `app` runs the server, the worker, the migration or the command line, as its command says.
# `simulator` runs the pharmacy simulator: it needs development dependencies and is not for production.
# What changes rarely comes first in each stage, so that a change of the sources rebuilds only what depends on it.
# The version of Node is the one in `.nvmrc`.
FROM node:24.21.0-bookworm-slim AS base
WORKDIR /app

FROM base AS packages
COPY package.json package-lock.json .npmrc ./

FROM packages AS build
# The workspaces are libraries for users. The images contain none of them.
RUN --mount=type=cache,target=/root/.npm npm ci --no-workspaces
COPY tsconfig.json tsconfig.build.json ./
COPY src src
COPY simulator simulator
# `--build-arg COMMIT=$(git rev-parse --short=12 HEAD)`: workers report it in Temporal's histories.
ARG COMMIT=
RUN node_modules/.bin/tsc -p tsconfig.build.json \
 && cp -R src/storage/migrations dist/src/storage/ \
 && cp -R src/http/docs/assets dist/src/http/docs/ \
 && cp -R src/http/console/assets dist/src/http/console/ \
 && printf '%s' "$COMMIT" > dist/src/commit.txt \
 && node dist/src/temporal/print-workflow-bundle.js > dist/src/workflow-bundle.js

FROM packages AS dependencies
COPY scripts/prune-modules.mjs scripts/
# The script fails the build above 120 MB.
RUN --mount=type=cache,target=/root/.npm npm ci --omit=dev --no-workspaces \
 && node scripts/prune-modules.mjs node_modules

FROM base AS runtime
# Temporal's native client uses the system's certificate authorities. Node has its own.
RUN apt-get update \
 && apt-get install --yes --no-install-recommends ca-certificates \
 && rm -rf /var/lib/apt/lists/*
# Docker gives a new named volume the owner of the folder where it is mounted.
RUN install -d -o node -g node /var/lib/rx-orders/documents /var/lib/rx-orders/simulator
COPY package.json ./
# The user `node`, by number: an orchestrator can see that it is not root.
USER 1000
ENV NODE_ENV=production
LABEL org.opencontainers.image.title="rx-orders" \
      org.opencontainers.image.description="Prescription orders over one HTTP endpoint, carried to their end by Temporal" \
      org.opencontainers.image.licenses="MIT" \
      org.opencontainers.image.base.name="docker.io/library/node:24.21.0-bookworm-slim"

FROM runtime AS simulator
COPY --from=build /app/node_modules node_modules
COPY --from=build /app/dist/simulator dist/simulator
ENV SIMULATOR_HOST=0.0.0.0 SIMULATOR_PORT=4010 SIMULATOR_DATA_DIR=/var/lib/rx-orders/simulator
LABEL org.opencontainers.image.title="rx-orders-simulator"
EXPOSE 4010
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=6 \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.SIMULATOR_PORT}/healthz`).then((answer) => process.exit(answer.ok ? 0 : 1), () => process.exit(1))"]
CMD ["node", "dist/simulator/main.js"]

FROM runtime AS app
COPY --from=dependencies /app/node_modules node_modules
COPY --from=build /app/dist/src dist/src
ENV HOST=0.0.0.0 PORT=3000 DOCUMENTS_DIR=/var/lib/rx-orders/documents
# Last, because they differ in each build: --build-arg VERSION=… --build-arg COMMIT=…
ARG VERSION=
ARG COMMIT=
LABEL org.opencontainers.image.version="$VERSION" \
      org.opencontainers.image.revision="$COMMIT"
EXPOSE 3000
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=6 \
  CMD ["node", "-e", "require(process.env.TLS_CERT_FILE ? 'https' : 'http').get({ host: '127.0.0.1', port: process.env.PORT, path: '/readyz', rejectUnauthorized: false }, (answer) => process.exit(answer.statusCode === 200 ? 0 : 1)).on('error', () => process.exit(1))"]
CMD ["node", "dist/src/server.js"]
