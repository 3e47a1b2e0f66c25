# Two images: `app` is server, worker and migration (the command chooses), `simulator` the pharmacy
# simulator, which needs development dependencies and stays out of production.
FROM node:20.20.2-bookworm-slim AS base
WORKDIR /app
COPY package.json package-lock.json .npmrc ./

FROM base AS build
# The workspaces are libraries for users. The images contain none of them.
RUN npm ci --no-workspaces
COPY tsconfig.json tsconfig.build.json ./
COPY src src
COPY simulator simulator
RUN node_modules/.bin/tsc -p tsconfig.build.json \
 && cp -R src/storage/migrations dist/src/storage/ \
 && cp -R src/http/docs dist/src/http/

FROM base AS dependencies
RUN npm ci --omit=dev --no-workspaces

FROM base AS runtime
# Temporal's native client takes its certificate authorities from the system; Node brings its own.
RUN apt-get update \
 && apt-get install --yes --no-install-recommends ca-certificates \
 && rm -rf /var/lib/apt/lists/*
# A new named volume takes its owner from the folder that it covers.
RUN install -d -o node -g node /var/lib/rx-orders/documents /var/lib/rx-orders/simulator
# `node`, by its number, so that an orchestrator can tell that it is not root.
USER 1000
ENV NODE_ENV=production

FROM runtime AS simulator
COPY --from=build /app/node_modules node_modules
COPY --from=build /app/dist/simulator dist/simulator
ENV SIMULATOR_HOST=0.0.0.0 SIMULATOR_PORT=4010 SIMULATOR_DATA_DIR=/var/lib/rx-orders/simulator
EXPOSE 4010
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=6 \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.SIMULATOR_PORT}/healthz`).then((answer) => process.exit(answer.ok ? 0 : 1), () => process.exit(1))"]
CMD ["node", "dist/simulator/main.js"]

FROM runtime AS app
COPY --from=dependencies /app/node_modules node_modules
COPY --from=build /app/dist/src dist/src
ENV HOST=0.0.0.0 PORT=3000 DOCUMENTS_DIR=/var/lib/rx-orders/documents
EXPOSE 3000
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=6 \
  CMD ["node", "-e", "require(process.env.TLS_CERT_FILE ? 'https' : 'http').get({ host: '127.0.0.1', port: process.env.PORT, path: '/readyz', rejectUnauthorized: false }, (answer) => process.exit(answer.statusCode === 200 ? 0 : 1)).on('error', () => process.exit(1))"]
CMD ["node", "dist/src/server.js"]
