import dns from 'node:dns';
import http, { createServer, type Server } from 'node:http';
import https from 'node:https';
import { type AddressInfo, connect, type NetConnectOpts, Socket } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { checkUrl, type Lookup, resolveDestination } from '../../../../src/egress/destination.ts';
import { createSender } from '../../../../src/notifications/sending/sender.ts';
import type { SsrfCase } from './ssrf-case.ts';
import { SSRF_CASES } from './ssrf-cases.ts';

/* What the sender must never reach. A server listens on loopback: whatever gets through hits it. */

let server: Server;
let reached = 0;
/** The hosts that connections were asked for. */
let connects: unknown[] = [];
let nodeLookups: { mock: { calls: unknown[][] } };

beforeAll(async () => {
  server = createServer((_, response) => response.end());
  server.on('connection', () => {
    reached += 1;
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});
afterAll(() => {
  server.close();
});

beforeEach(() => {
  reached = 0;
  connects = [];
  nodeLookups = vi.spyOn(dns, 'lookup');
  const count = (options: NetConnectOpts) => {
    const { host } = options as { host: string };
    connects.push(host);
    return isPublic(host) ? refusingSocket() : connect({ host, port: portOf(server) });
  };
  vi.spyOn(http.Agent.prototype, 'createConnection').mockImplementation(count as never);
  vi.spyOn(https.Agent.prototype, 'createConnection').mockImplementation(count as never);
});

/** What the table holds for public is not to be troubled by a test. */
function isPublic(host: string): boolean {
  return SSRF_CASES.some(
    ({ sandbox, expected }) => !sandbox && 'connects' in expected && expected.connects === host,
  );
}

function refusingSocket(): Socket {
  const socket = new Socket();
  process.nextTick(() =>
    socket.destroy(Object.assign(new Error('refused'), { code: 'ECONNREFUSED' })),
  );
  return socket;
}

function portOf(listening: Server): number {
  return (listening.address() as AddressInfo).port;
}

/** A resolver that gives the case's answers one after the other. */
function resolver({ dns: answers }: SsrfCase): { lookup: Lookup; asked: () => number } {
  let asked = 0;
  return {
    asked: () => asked,
    lookup: async () => {
      const answer = answers[Math.min(asked, answers.length - 1)] ?? [];
      asked += 1;
      return answer.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }));
    },
  };
}

describe(`${SSRF_CASES.length} destinations`, () => {
  it('are at least 200, each once', () => {
    const keys = SSRF_CASES.map((each) => JSON.stringify(each));
    expect(new Set(keys).size).toBe(keys.length);
    expect(keys.length).toBeGreaterThanOrEqual(200);
  });

  it.each(SSRF_CASES)('$url with DNS $dns, sandbox $sandbox: $expected', async (each) => {
    const policy = { sandbox: each.sandbox };
    const { lookup, asked } = resolver(each);
    const sender = createSender({ lookup, policy, timeoutMs: 2_000 });
    const result = await sender.post(each.url, {}, '{}');
    sender.close();

    expect(nodeLookups.mock.calls).toEqual([]);
    expect(asked()).toBeLessThanOrEqual(1);
    if ('refused' in each.expected) {
      expect(result).toMatchObject({ failure: 'refused_destination', code: each.expected.refused });
      expect(connects).toEqual([]);
      expect(reached).toBe(0);
      // The message names the rule, and nothing of the URL.
      const message = 'failure' in result ? result.message : '';
      expect(message).toMatch(/^[A-Z][\w ,:/().]+\.$/);
      expect(message).not.toMatch(/example|\d\.\d|::/);
    } else {
      expect(connects).toEqual([each.expected.connects]);
      if (!each.sandbox) expect(result).toMatchObject({ failure: 'connect', code: 'ECONNREFUSED' });
    }
  });

  it.each(SSRF_CASES)('$url is judged the same when it is registered', async (each) => {
    const policy = { sandbox: each.sandbox };
    const checked = checkUrl(each.url, policy);
    const destination =
      'url' in checked
        ? await resolveDestination(checked.url, policy, resolver(each).lookup)
        : checked;
    if ('refused' in each.expected) {
      expect(destination).toMatchObject({ refusal: { code: each.expected.refused } });
    } else {
      expect(destination).toEqual({ addresses: [each.expected.connects] });
    }
  });
});

it('counts what reaches loopback', async () => {
  const sender = createSender({ lookup: async () => [], policy: { sandbox: true } });
  const url = `http://127.0.0.1:${portOf(server)}/`;
  expect(await sender.post(url, {}, '{}')).toMatchObject({ status: 200 });
  expect(reached).toBe(1);
  sender.close();
});

it('follows no DNS that changes between two deliveries', async () => {
  const answers = [['93.184.215.14'], ['127.0.0.1'], ['93.184.215.14', '127.0.0.1']];
  const lookup: Lookup = async () =>
    (answers.shift() ?? []).map((address) => ({ address, family: 4 }));
  const sender = createSender({ lookup, policy: { sandbox: false } });
  const url = 'https://hooks.example.com/hook';
  expect(await sender.post(url, {}, '{}')).toMatchObject({ failure: 'connect' });
  expect(await sender.post(url, {}, '{}')).toMatchObject({ code: 'loopback' });
  expect(await sender.post(url, {}, '{}')).toMatchObject({ code: 'loopback' });
  expect(connects).toEqual(['93.184.215.14']);
  expect(reached).toBe(0);
  sender.close();
});
