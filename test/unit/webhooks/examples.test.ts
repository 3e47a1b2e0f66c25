import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { newSecret, signaturesOf } from '../../../src/webhooks/signatures.ts';

/* examples/webhooks as a receiver runs them, given deliveries that are signed as ours are. */

const FOLDER = path.resolve('examples/webhooks');
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

/** Fails with what to do about it, where a tool of the examples is not there. */
function need(tool: string, versionArgument: string): void {
  const { error, status } = spawnSync(tool, [versionArgument], { stdio: 'ignore' });
  if (error || status !== 0) {
    throw new Error(
      `${tool} is not installed: this test runs an example of examples/webhooks by it.`,
    );
  }
}

const RECEIVERS: [name: string, command: string, args: string[]][] = [
  ['receiver.py', 'python3', []],
  ['node-receiver.ts', process.execPath, ['--import', 'tsx']],
  ['fastify-receiver.ts', process.execPath, ['--import', 'tsx']],
];

describe.each(RECEIVERS)('%s', (name, command, args) => {
  const lines: string[] = [];
  let child: ChildProcess;
  let url = '';

  beforeAll(async () => {
    need(command, '--version');
    const env = { ...process.env, WEBHOOK_SECRET: SECRET, WEBHOOK_PORT: '0' };
    const started = spawn(command, [...args, path.join(FOLDER, name)], {
      env,
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    child = started;
    const reader = createInterface({ input: started.stdout });
    const [first] = (await once(reader, 'line')) as [string];
    reader.on('line', (line) => lines.push(line));
    url = first.replace('listening on ', '');
  }, TIMEOUT_MS);
  afterAll(async () => {
    const ended = once(child, 'exit');
    child.kill('SIGTERM');
    await ended;
  });

  const post = async (headers: Record<string, string>, body = BODY): Promise<number> => {
    const init = { method: 'POST', headers: { 'content-type': 'application/json', ...headers } };
    return (await fetch(url, { ...init, body })).status;
  };

  it('takes a webhook once, however often it comes', async () => {
    expect(await post(signed())).toBe(204);
    expect(await post(signed())).toBe(204);
    expect(await post(signed({ id: 'msg_2', secrets: [newSecret(), SECRET] }))).toBe(204);
    await expect.poll(() => lines).toEqual(['msg_1: PING', 'msg_2: PING']);
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
    expect(lines.join()).not.toContain('msg_3');
  });
});

describe('verify.sh', () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'webhooks-examples-'));
  beforeAll(() => need('openssl', 'version'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  function verify(headers: Record<string, string>, { body = BODY, extra = '' } = {}) {
    const [bodyFile, headersFile] = [path.join(folder, 'body'), path.join(folder, 'headers')];
    const text = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
    writeFileSync(bodyFile, body);
    writeFileSync(headersFile, text.join('') + extra);
    const args = [path.join(FOLDER, 'verify.sh'), bodyFile, headersFile, path.join(folder, 'seen')];
    const env = { ...process.env, WEBHOOK_SECRET: SECRET };
    writeFileSync(path.join(folder, 'seen'), '', { flag: 'a' });
    return spawnSync('sh', args, { env, encoding: 'utf8' });
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
    ['two ids', () => verify(signed({ id: 'msg_7' }), { extra: 'Webhook-Id: msg_7\r\n' })],
  ])('refuses %s', (_, run) => {
    expect(run()).toMatchObject({
      status: 1,
      stdout: '',
      stderr: expect.stringMatching(/^refused/),
    });
  });
});
