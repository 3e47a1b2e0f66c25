import { createSocket, type Socket } from 'node:dgram';
import dns from 'node:dns/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createForeignLookup } from '../../../src/egress/foreign-lookup.ts';

const TYPE_A = 1;
const sockets: Socket[] = [];
let silent: string;
let answering: string;

/** Starts a name server on loopback that never answers, or gives each name one IPv4 address. */
async function startNameServer(answers: boolean): Promise<string> {
  const socket = createSocket('udp4');
  sockets.push(socket);
  socket.on('message', (query, { address, port }) => {
    if (!answers) return;
    // The question ends after its name, type and class.
    const end = query.indexOf(0, 12) + 5;
    const isA = query.readUInt16BE(end - 4) === TYPE_A;
    const header = Buffer.from([
      ...query.subarray(0, 2),
      0x81,
      0x80,
      0,
      1,
      0,
      isA ? 1 : 0,
      0,
      0,
      0,
      0,
    ]);
    const record = [0xc0, 12, 0, TYPE_A, 0, 1, 0, 0, 0, 60, 0, 4, 93, 184, 215, 14];
    socket.send(
      Buffer.concat([header, query.subarray(12, end), Buffer.from(isA ? record : [])]),
      port,
      address,
    );
  });
  await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve));
  return `127.0.0.1:${socket.address().port}`;
}

beforeAll(async () => {
  silent = await startNameServer(false);
  answering = await startNameServer(true);
});
afterAll(() => {
  for (const socket of sockets) socket.close();
});

it('returns the addresses of a name', async () => {
  const lookup = createForeignLookup({ servers: [answering] });
  expect(await lookup('clinic.example.com', { all: true })).toEqual([
    { address: '93.184.215.14', family: 4 },
  ]);
});

it('ends when it is aborted, and lets other lookups go on while many name servers are silent', async () => {
  const end = new AbortController();
  const dead = createForeignLookup({ servers: [silent] });
  const hanging = Array.from({ length: 50 }, (_, index) =>
    dead(`dead-${index}.example.com`, { all: true, signal: end.signal }),
  );
  const since = performance.now();
  const live = createForeignLookup({ servers: [answering] });
  await live('clinic.example.com', { all: true });
  // The names of pharmacies are resolved by the threads of the process.
  await dns.lookup('localhost');
  expect(performance.now() - since).toBeLessThan(1_000);
  end.abort();
  const results = await Promise.allSettled(hanging);
  expect(results.every(({ status }) => status === 'rejected')).toBe(true);
});

it('knows the names of this machine without a name server', async () => {
  const lookup = createForeignLookup({ servers: [silent] });
  const loopback = [
    { address: '127.0.0.1', family: 4 },
    { address: '::1', family: 6 },
  ];
  expect(await lookup('localhost', { all: true })).toEqual(loopback);
  expect(await lookup('hooks.localhost', { all: true })).toEqual(loopback);
});
