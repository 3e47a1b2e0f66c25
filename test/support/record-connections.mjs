// Loaded into a program before it begins, by `node --import`: writes down, in the file that
// CONNECTIONS_FILE names, where the program connects to and which names it looks up. One JSON a line.

import dgram from 'node:dgram';
import dns from 'node:dns';
import { appendFileSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import net from 'node:net';
import path from 'node:path';

/** Native code, as Temporal's, passes Node's functions by; its sockets are looked for this often. */
const LOOK_EVERY_MS = 100;
const LISTENING = '0A';

const seen = new Set();
/** Ports that the process ever listened on: what came to one may outlast the listening. */
const listening = new Set();

function record(kind, to) {
  const program = path.basename(process.argv[1] ?? '');
  const line = JSON.stringify({ program, kind, to });
  if (seen.has(line)) return;
  seen.add(line);
  appendFileSync(process.env.CONNECTIONS_FILE, `${line}\n`);
}

// Every TCP and TLS connection of Node, and every pipe, goes through this one method.
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
      // An address needs no look-up, and Node makes none of it.
      if (net.isIP(host) === 0) record('lookup', host);
      return original.call(this, host, ...rest);
    };
  }
}
syncBuiltinESMExports();

/** Where the process's sockets lead, but for those that came to a port it listens on (Linux). */
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

/** The kernel writes an address as words in the machine's byte order, here the least byte first. */
function readable(remote) {
  const [address, port] = remote.split(':');
  const words = address.match(/.{8}/g).map((word) => word.match(/../g).reverse());
  const bytes = words.flat().map((byte) => Number.parseInt(byte, 16));
  // An IPv4 address in an IPv6 socket stands at its end.
  const isV4 = bytes.length === 4 || /^0{20}ffff/i.test(words.flat().join(''));
  const host = isV4 ? bytes.slice(-4).join('.') : words.flat().join('');
  return `${host}:${Number.parseInt(port, 16)}`;
}

if (process.platform === 'linux') setInterval(lookAtSockets, LOOK_EVERY_MS).unref();
