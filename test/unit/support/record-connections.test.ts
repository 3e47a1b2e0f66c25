import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { recordedIn, recordingTo } from '../../support/connections.ts';

// The test of the connections of server and worker is only as good as this hook.

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'connections-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

/** Runs a program that connects. Nothing listens at its targets, and no name of `.invalid` exists. */
function recordedOf(program: string) {
  const [file, record] = [path.join(folder, 'program.mjs'), path.join(folder, 'record')];
  writeFileSync(file, program);
  const env = { ...process.env, ...recordingTo(record) };
  const { status, stderr } = spawnSync(process.execPath, [file], { env, encoding: 'utf8' });
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  return recordedIn(record).map(({ program, kind, to }) => `${program} ${kind} ${to}`);
}

it.each([
  [
    'a TCP connection',
    `import net from 'node:net';
     net.connect({ port: 9, host: '127.0.0.1' }).on('error', () => {});`,
    'program.mjs connect 127.0.0.1:9',
  ],
  [
    'one by its port alone',
    `import { createConnection } from 'node:net';
     createConnection(9).on('error', () => {});`,
    'program.mjs connect localhost:9',
  ],
  [
    'a pipe',
    `import net from 'node:net';
     net.connect('/nowhere.sock').on('error', () => {});`,
    'program.mjs pipe /nowhere.sock',
  ],
  [
    'a TLS connection',
    `import tls from 'node:tls';
     tls.connect({ port: 9, host: '127.0.0.1' }).on('error', () => {});`,
    'program.mjs connect 127.0.0.1:9',
  ],
  [
    'a request',
    `import http from 'node:http';
     http.get('http://127.0.0.1:9/').on('error', () => {});`,
    'program.mjs connect 127.0.0.1:9',
  ],
  [
    'an HTTP/2 session',
    `import http2 from 'node:http2';
     http2.connect('http://127.0.0.1:9/').on('error', () => {});`,
    'program.mjs connect 127.0.0.1:9',
  ],
  [
    'a fetch',
    `await fetch('http://127.0.0.1:5999/').catch(() => {});`,
    'program.mjs connect 127.0.0.1:5999',
  ],
  [
    'a look-up',
    `import { lookup } from 'node:dns';
     lookup('tracker.invalid', () => {});`,
    'program.mjs lookup tracker.invalid',
  ],
  [
    'a look-up by a promise',
    `import { lookup } from 'node:dns/promises';
     await lookup('tracker.invalid').catch(() => {});`,
    'program.mjs lookup tracker.invalid',
  ],
  [
    'a look-up for a connection',
    `import net from 'node:net';
     net.connect(9, 'tracker.invalid').on('error', () => {});`,
    'program.mjs lookup tracker.invalid',
  ],
  [
    'a datagram',
    `import dgram from 'node:dgram';
     const socket = dgram.createSocket('udp4');
     socket.send('x', 9, '127.0.0.1', () => socket.close());`,
    'program.mjs send 127.0.0.1',
  ],
])('the recorder reports %s', (_what, program, line) => {
  expect(recordedOf(program)).toContain(line);
});

it.runIf(process.platform === 'linux')(
  'the recorder finds an open socket, whoever opened it',
  () => {
    const lines = recordedOf(`
    import net from 'node:net';
    const server = net.createServer().listen(0, '127.0.0.1', () => {
      const socket = net.connect(server.address().port, '127.0.0.1');
      setTimeout(() => { socket.destroy(); server.close(); }, 500);
    });`);

    const [connected, ...found] = lines;
    // The accepting end is not a connection that the program opened.
    expect(found).toEqual([connected?.replace(' connect ', ' socket ')]);
  },
);
