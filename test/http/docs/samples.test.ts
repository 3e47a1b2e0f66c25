import { execFile, spawnSync } from 'node:child_process';
import { createHmac, randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { cacheFolder } from '../../../sandbox/folders.ts';
import { type ApiDocument, entriesOf } from '../../../src/http/docs/api-document.ts';
import {
  type Language,
  type SampleRequest,
  samplesOf,
} from '../../../src/http/docs/assets/samples.js';
import { exampleRequest } from '../../../src/http/docs/try-form.tsx';
import { DOCUMENT } from '../../support/documented.ts';
import { testEnvironment } from '../../support/environment.ts';
import { createKey } from '../../support/organization.ts';
import { startTestApi, type TestApi } from '../../support/test-api.ts';

// The programs of the documentation, run as a reader would run them.

const PROGRAMS: Readonly<Record<Language, [file: string, command: string, args: string[]]>> = {
  curl: ['sample.sh', 'sh', []],
  javascript: ['sample.mjs', process.execPath, []],
  python: ['sample.py', 'python3', []],
  go: ['sample.go', 'go', ['run']],
};

/** A language whose program is missing cannot be tested; `go version` exits with 0 as `--version` does not. */
const isHere = (language: Language) => {
  const [, command] = PROGRAMS[language];
  const [program, argument] =
    language === 'curl'
      ? ['curl', '--version']
      : [command, language === 'go' ? 'version' : '--version'];
  return spawnSync(program, [argument], { stdio: 'ignore' }).status === 0;
};
const HERE = (Object.keys(PROGRAMS) as Language[]).filter(isHere);
for (const language of Object.keys(PROGRAMS)) {
  if (!HERE.includes(language as Language)) {
    console.warn(`the ${language} samples of the documentation are not tested: no such program`);
  }
}

/** Go compiles its library at the first run; later runs find it in the cache. */
const GO = { GOCACHE: path.join(cacheFolder(testEnvironment()), 'go-samples'), CGO_ENABLED: '0' };
const LIMIT_MS = 300_000;

let api: TestApi;
let folder = '';
let apiKey = '';
beforeAll(async () => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'rx-samples-'));
  api = await startTestApi();
  const scopes = ['orders:write', 'orders:read', 'cases:write', 'webhooks:manage'];
  apiKey = await createKey(api.database, api.organization.organizationId, { scopes });
});
afterAll(async () => {
  await api.close();
  rmSync(folder, { recursive: true, force: true });
});

/** Runs a program and returns what it printed. */
async function run(language: Language, text: string, args: string[] = [], input = '', env = {}) {
  const [name, command, before] = PROGRAMS[language];
  const file = path.join(folder, name);
  writeFileSync(file, text);
  // Without the variables of a proxy, because everything is on this machine.
  const { PATH, HOME } = process.env;
  const options = { env: { PATH, HOME, ...GO, ...env }, timeout: 290_000 };
  const running = promisify(execFile)(command, [...before, file, ...args], options);
  running.child.stdin?.end(input);
  return (await running).stdout;
}

/** The status and the body that a sample printed. */
async function send(language: Language, request: SampleRequest) {
  const printed = await run(language, samplesOf(request)[language]);
  const [, status, body] =
    language === 'curl'
      ? (/^HTTP\/1\.1 (\d+).*?\r\n\r\n(.*)$/s.exec(printed) ?? [])
      : (/^(\d+)\n(.*?)\n?$/s.exec(printed) ?? []);
  return { status: Number(status), body: body ?? printed };
}

/** The example of an operation, for the test's server. */
function exampleOf(operationId: string): SampleRequest {
  const document = DOCUMENT as unknown as ApiDocument;
  const entry = entriesOf(document).find(({ operation }) => operation.operationId === operationId);
  if (entry === undefined) throw new Error(`no operation ${operationId}`);
  const { url, headers, ...rest } = exampleRequest(document, entry);
  return {
    ...rest,
    url: url
      .replace('https://orders.example.com', api.app.url)
      .replace(/(?<=\/cases\/)[^/]+/, api.organization.caseId),
    headers: headers.map(([name, value]) => [name, name === 'cv-api-key' ? apiKey : value]),
  };
}

describe.each(HERE)('a sample in %s', (language) => {
  it('places the published order, and gets the 409 when it runs again', {
    timeout: LIMIT_MS,
  }, async () => {
    const example = exampleOf('caseAction');
    const body = (example.body ?? '').replace('unique-order-key-123', `key-of-${language}`);

    const first = await send(language, { ...example, body });
    expect(first).toMatchObject({ status: 200 });
    const { order } = JSON.parse(first.body).data;
    const stored = await api.get(`/api/v1/cases/${api.organization.caseId}/orders/${order.id}`);
    expect(stored.json.data.order.idempotencyKey).toBe(`key-of-${language}`);
    expect(await send(language, { ...example, body })).toMatchObject({ status: 409 });
  });

  it('sends every character as the form has it', { timeout: LIMIT_MS }, async () => {
    const description = 'O\'Neil "Ö" `x` $HOME \\n \\ 漢 😀';
    const body = JSON.stringify({ url: 'http://127.0.0.1:1024/hook', description }, null, 2);

    const answer = await send(language, { ...exampleOf('createWebhookEndpoint'), body });
    expect(answer).toMatchObject({ status: 201 });
    expect(JSON.parse(answer.body).data.endpoint.description).toBe(description);
  });

  it('reads a list', { timeout: LIMIT_MS }, async () => {
    const example = exampleOf('listOrders');

    const answer = await send(language, {
      ...example,
      url: `${example.url}?limit=1&status=ACCEPTED`,
    });
    expect(answer).toMatchObject({ status: 200 });
    expect(JSON.parse(answer.body).success).toBe(true);
  });

  it('verifies a webhook, and refuses a changed and an old one', {
    timeout: LIMIT_MS,
  }, async () => {
    const page = (await api.send('GET', '/docs/webhooks')).text;
    const [, escaped = ''] =
      new RegExp(`data-language="${language}">.*?<code>(.*?)</code>`, 's').exec(page) ?? [];
    const text = escaped.replaceAll('&lt;', '<').replaceAll('&quot;', '"').replaceAll('&amp;', '&');
    const key = randomBytes(32);
    const env = { WEBHOOK_SECRET: `whsec_${key.toString('base64')}` };
    const body = '{"event":"PING","payload":{"name":"Ö"}}';
    const signed = (timestamp: number) => [
      'msg_1',
      String(timestamp),
      `v1,AAAA v1,${createHmac('sha256', key).update(`msg_1.${timestamp}.${body}`).digest('base64')}`,
    ];
    const now = Math.floor(Date.now() / 1_000);

    expect(await run(language, text, signed(now), body, env)).toBe('genuine\n');
    await expect(run(language, text, signed(now), `${body} `, env)).rejects.toThrow();
    await expect(run(language, text, signed(now - 400), body, env)).rejects.toThrow();
  });
});
