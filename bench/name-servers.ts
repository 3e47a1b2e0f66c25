import { createSocket } from 'node:dgram';
import { once, setMaxListeners } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Lookup } from '../src/egress/destination.ts';
import { createForeignLookup } from '../src/egress/foreign-lookup.ts';
import { createSender } from '../src/notifications/sending/sender.ts';
import { createRestGateway } from '../src/pharmacy/rest-gateway.ts';
import { median } from './order-clients.ts';

// Measures a call to a healthy pharmacy, and a webhook to another organization's healthy endpoint, while one
// organization has 20 endpoints whose name server does not answer, compared with their time alone. No setting
// names a process's name servers, so the benchmark runs the parts of the worker that resolve names. The results
// are ratios, on the last line.

const SILENT_ENDPOINTS = 20;
const CALLS = 1_000;

const silent = createSocket('udp4').bind(0, '127.0.0.1');
await once(silent, 'listening');
const healthy = createServer((_request, response) => {
  response.writeHead(200, { 'content-type': 'application/json' });
  response.end(JSON.stringify({ id: 'p', reference: 'r', status: 'in_progress' }));
}).listen(0, '127.0.0.1');
await once(healthy, 'listening');
const { port } = healthy.address() as AddressInfo;

const resolve = createForeignLookup({ servers: [`127.0.0.1:${silent.address().port}`] });
/** The sandbox allows names below `localhost` only. A silent endpoint's name stands for one that is resolved. */
const lookup: Lookup = (name, options) =>
  resolve(name.startsWith('silent-') ? `${name}.example.com` : name, options);
const sender = createSender({ lookup, policy: { sandbox: true } });
const foreign = { policy: { sandbox: true }, lookup };
const pharmacy = createRestGateway({
  ...{
    baseUrl: `http://localhost:${port}`,
    token: 'a-token-of-the-bench',
    timeoutMs: 5_000,
    foreign,
  },
});
const stop = new AbortController();
setMaxListeners(0, stop.signal); // each webhook adds one

const call = () => pharmacy.get('p', new AbortController().signal);
const deliver = () =>
  sender.post(
    `http://healthy.localhost:${port}/`,
    {},
    '{}',
    new AbortController().signal,
    'measured',
  );

/** Returns the median time of each call, in milliseconds. */
async function time(run: () => Promise<unknown>): Promise<number> {
  const times: number[] = [];
  for (let n = 0; n < CALLS; n += 1) {
    const began = performance.now();
    await run();
    times.push(performance.now() - began);
  }
  return median(times);
}

/** Sends webhooks to an endpoint whose name is never resolved, one after the other. */
async function sendInVain(name: string): Promise<void> {
  while (!stop.signal.aborted) {
    await sender
      .post(`http://${name}.localhost:${port}/`, {}, '{}', stop.signal, 'hostile')
      .catch(() => undefined);
  }
}

await time(call); // warms up
await time(deliver);
const alone = { call: await time(call), deliver: await time(deliver) };
const vain = Array.from({ length: SILENT_ENDPOINTS }, (_, n) => sendInVain(`silent-${n}`));
const beside = { call: await time(call), deliver: await time(deliver) };
stop.abort();
await Promise.all(vain);
sender.close();
healthy.close();
healthy.closeAllConnections();
silent.close();
const ratio = (of: 'call' | 'deliver') => Number((beside[of] / alone[of]).toFixed(2));
console.log(
  JSON.stringify({
    callBesideSilentNames: ratio('call'),
    webhookBesideSilentNames: ratio('deliver'),
  }),
);
