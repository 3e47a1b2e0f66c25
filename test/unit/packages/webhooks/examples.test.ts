import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { newSecret, signaturesOf } from '../../../../src/notifications/sending/signatures.ts';

import {
  EXAMPLE_RECEIVERS,
  type ExampleReceiver,
  needTool,
  runVerifyScript,
  startExampleReceiver,
} from '../../../support/webhook-examples.ts';

/* examples/webhooks as a receiver runs them, given deliveries that are signed as ours are. */

const SECRET = newSecret();
const BODY = '{"event":"PING","payload":{"endpoint":{"id":"Zoë"}}}';
const TIMEOUT_MS = 30_000;

function signed({
  id = 'msg_1',
  secrets = [SECRET] as [string, ...string[]],
  ageSeconds = 0,
} = {}) {
  const timestamp = Math.floor(Date.now() / 1000) - ageSeconds;
  return signaturesOf({ id, timestamp, body: BODY, secrets });
}

function without(headers: Record<string, string>, name: string): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).filter(([key]) => key !== name));
}

describe.each(EXAMPLE_RECEIVERS)('%s', (...example) => {
  let receiver: ExampleReceiver;
  beforeAll(async () => {
    receiver = await startExampleReceiver(example, SECRET);
  }, TIMEOUT_MS);
  afterAll(() => receiver.stop());

  const post = async (headers: Record<string, string>, body = BODY): Promise<number> => {
    const init = { method: 'POST', headers: { 'content-type': 'application/json', ...headers } };
    return (await fetch(receiver.url, { ...init, body })).status;
  };

  it('takes a webhook once, however often it comes', async () => {
    expect(await post(signed())).toBe(204);
    expect(await post(signed())).toBe(204);
    expect(await post(signed({ id: 'msg_2', secrets: [newSecret(), SECRET] }))).toBe(204);
    await expect.poll(() => receiver.lines).toEqual(['msg_1: PING', 'msg_2: PING']);
  });

  it('refuses what is changed, foreign, old, or not signed', async () => {
    expect(await post(signed({ id: 'msg_3' }), BODY.replace('PING', 'PONG'))).toBe(401);
    expect(await post(signed({ id: 'msg_3' }), BODY.replace(':', ': '))).toBe(401);
    expect(await post({ ...signed({ id: 'msg_3' }), 'webhook-id': 'msg_4' })).toBe(401);
    expect(await post(signed({ id: 'msg_3', secrets: [newSecret()] }))).toBe(401);
    expect(await post(signed({ id: 'msg_3', ageSeconds: 310 }))).toBe(401);
    expect(await post(signed({ id: 'msg_3', ageSeconds: -310 }))).toBe(401);
    expect(await post(without(signed({ id: 'msg_3' }), 'webhook-id'))).toBe(401);
    expect(await post({})).toBe(401);
    expect(receiver.lines.join()).not.toContain('msg_3');
  });
});

describe('verify.sh', () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'webhooks-examples-'));
  beforeAll(() => needTool('openssl', 'version'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  function verify(headers: Record<string, string>, { body = BODY, extra = [] as string[] } = {}) {
    const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
    return runVerifyScript(folder, SECRET, { body, headers: [...lines, ...extra] });
  }

  it('takes a delivery once', () => {
    expect(verify(signed({ id: 'msg_5' }))).toMatchObject({
      status: 0,
      stdout: expect.stringMatching(/^genuine: msg_5, signed \d+ s ago\n$/),
    });
    expect(verify(signed({ id: 'msg_5' }))).toMatchObject({ status: 3 });
    expect(verify(signed({ id: 'msg_6', secrets: [newSecret(), SECRET] }))).toMatchObject({
      status: 0,
    });
  });

  it.each([
    [
      'a changed body',
      () => verify(signed({ id: 'msg_7' }), { body: BODY.replace('PING', 'PONG') }),
    ],
    ['a longer body', () => verify(signed({ id: 'msg_7' }), { body: `${BODY}\n` })],
    ['another id', () => verify({ ...signed({ id: 'msg_7' }), 'webhook-id': 'msg_8' })],
    ['another secret', () => verify(signed({ id: 'msg_7', secrets: [newSecret()] }))],
    ['no signature', () => verify(without(signed({ id: 'msg_7' }), 'webhook-signature'))],
    ['two ids', () => verify(signed({ id: 'msg_7' }), { extra: ['Webhook-Id: msg_7'] })],
  ])('refuses %s', (_, run) => {
    expect(run()).toMatchObject({
      status: 1,
      stdout: '',
      stderr: expect.stringMatching(/^refused/),
    });
  });
});
