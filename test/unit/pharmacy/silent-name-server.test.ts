import { createSocket, type Socket } from 'node:dgram';
import dns from 'node:dns/promises';
import { once } from 'node:events';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createForeignLookup } from '../../../src/egress/foreign-lookup.ts';
import { createRestGateway } from '../../../src/pharmacy/rest-gateway.ts';
import { unaborted } from './fake-pharmacy.ts';

let silent: Socket;
beforeAll(async () => {
  silent = createSocket('udp4').bind(0, '127.0.0.1');
  await once(silent, 'listening');
});
afterAll(() => silent.close());

it('of 20 pharmacies occupies no thread that the name of another pharmacy needs', async () => {
  const lookup = createForeignLookup({ servers: [`127.0.0.1:${silent.address().port}`] });
  const foreign = { policy: { sandbox: false }, lookup };
  const calls = Array.from({ length: 20 }, async (_, index) => {
    const baseUrl = `https://pharmacy-${index}.example.com`;
    const gateway = createRestGateway({ baseUrl, token: 'token', timeoutMs: 300, foreign });
    return await gateway.get('1', unaborted()).catch((error: { code: unknown }) => error.code);
  });
  const since = performance.now();
  await dns.lookup('localhost');
  expect(performance.now() - since).toBeLessThan(250);
  expect(new Set(await Promise.all(calls))).toEqual(new Set(['PHARMACY_TIMEOUT']));
});

it('fails the call as one that may be retried', async () => {
  const lookup = () => Promise.reject(Object.assign(new Error('timed out'), { code: 'ETIMEOUT' }));
  const foreign = { policy: { sandbox: false }, lookup };
  const options = {
    baseUrl: 'https://pharmacy.example.com',
    token: 'token',
    timeoutMs: 300,
    foreign,
  };
  await expect(createRestGateway(options).get('1', unaborted())).rejects.toMatchObject({
    name: 'PharmacyUnavailableError',
    code: 'PHARMACY_DNS_TIMEOUT',
  });
});
