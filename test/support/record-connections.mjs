// Loaded before a program by `node --import`. Records in the file CONNECTIONS_FILE which addresses the
// program connects to and which names it looks up, one JSON document per line.

import dgram from 'node:dgram';
import dns from 'node:dns';
import { appendFileSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import net from 'node:net';
import path from 'node:path';

/** Native code, such as Temporal's, bypasses Node's functions; its sockets are polled at this interval. */
const LOOK_EVERY_MS = 100;
const LISTENING = '0A';

const seen = new Set();
/** All ports that the process has listened on: an accepted connection may outlive the listening socket. */
const listening = new Set();

function record(kind, to) {
  const program = path.basename(process.argv[1] ?? '');
  const line = JSON.stringify({ program, kind, to });
  if (seen.has(line)) return;
  seen.add(line);
  appendFileSync(process.env.CONNECTIONS_FILE, `${line}\n`);
}

// Node opens every TCP and TLS connection, and every pipe, with this method.
const { connect } = net.Socket.prototype;
net.Socket.prototype.connect = function recorded(...args) {
  const [options] = net._normalizeArgs(Array.isArray(args[0]) ? args[0] : args);
  if (options.path) record('pipe', options.path);
  else record('connect', `${options.host ?? 'localhost'}:${options.port}`);
  return connect.apply(this, args);
};

const { send } = dgram.Socket.prototype;
dgram.Socket.prototype.send = function recorded(...args) {
  record('send', args.find((each) => typeof each === 'string' && net.isIP(each)) ?? 'somewhere');
  return send.apply(this, args);
};

for (const resolver of [
  dns,
  dns.promises,
  dns.Resolver.prototype,
  dns.promises.Resolver.prototype,
]) {
  const names = Object.getOwnPropertyNames(resolver).filter((name) =>
    /^(lookup|resolve\w*|reverse)$/.test(name),
  );
  for (const name of names) {
    const original = resolver[name];
    resolver[name] = function recorded(host, ...rest) {
      // Node does not look up an address.
      if (net.isIP(host) === 0) record('lookup', host);
      return original.call(this, host, ...rest);
    };
  }
}
syncBuiltinESMExports();

/** Returns the remote addresses of the process's sockets, except accepted connections (Linux only). */
function lookAtSockets() {
  const inodes = new Set(readdirSync('/proc/self/fd').map(inodeOf));
  const rows = ['tcp', 'tcp6'].flatMap((table) =>
    readFileSync(`/proc/self/net/${table}`, 'utf8').trim().split('\n').slice(1),
  );
  const sockets = rows
    .map((row) => row.trim().split(/\s+/))
    .filter((fields) => inodes.has(fields[9]))
    .map(([, local, remote, state]) => ({ from: local.split(':')[1], remote, state }));
  for (const { from, state } of sockets) if (state === LISTENING) listening.add(from);
  for (const { from, remote, state } of sockets) {
    if (state !== LISTENING && !listening.has(from)) record('socket', readable(remote));
  }
}

function inodeOf(fd) {
  try {
    return /^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/self/fd/${fd}`))?.[1];
  } catch {
    return undefined; // closed meanwhile
  }
}

/** The kernel prints an address as words in the machine's byte order, here little-endian. */
function readable(remote) {
  const [address, port] = remote.split(':');
  const words = address.match(/.{8}/g).map((word) => word.match(/../g).reverse());
  const bytes = words.flat().map((byte) => Number.parseInt(byte, 16));
  // The last word of an IPv4-mapped IPv6 address is the IPv4 address.
  const isV4 = bytes.length === 4 || /^0{20}ffff/i.test(words.flat().join(''));
  const host = isV4 ? bytes.slice(-4).join('.') : words.flat().join('');
  return `${host}:${Number.parseInt(port, 16)}`;
}

if (process.platform === 'linux') setInterval(lookAtSockets, LOOK_EVERY_MS).unref();
