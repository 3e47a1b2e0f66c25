import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createCanary } from '../../../../scripts/canaries/canary.ts';
import { needlesOf, needlesOfContent } from '../../../../scripts/canaries/needles.ts';
import { folderPlace, searchPlace, textPlace } from '../../../../scripts/canaries/places.ts';
import { hitsOf, report } from '../../../../scripts/canaries/report.ts';
import { Needles } from '../../../../scripts/canaries/search-bytes.ts';
import { parsePutCase } from '../../../../src/contract/case.ts';
import { parsePlaceOrder } from '../../../../src/contract/place-order.ts';

const canary = createCanary('planted');
const document = Buffer.from(Array.from({ length: 999 }, (_, n) => (n * n * 7 + n) % 251));
const needles = new Needles([
  ...canary.markers.flatMap(needlesOf),
  ...needlesOfContent('planted: document', document),
]);
const { lastName = '' } = canary.patient;
const FIELD = 'planted: case.patient.lastName';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'rx-canaries-test-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** A leak in each place. */
const LEAKS = [
  ['a log', 'logs/server.log', JSON.stringify({ level: 'info', msg: `found ${lastName}` })],
  ['a rotated log', 'logs/server.log.1.gz', gzipSync(`{"msg":"found ${lastName}"}`)],
  ['a page of a store', 'temporal/temporal.db', page(Buffer.from(base64(`{"n":"${lastName}"}`)))],
  ['a page of Postgres', 'postgres/base/16384/2610', page(Buffer.from(lastName))],
  ['a temporary file', 'tmp/upload-1', Buffer.from(lastName, 'utf16le')],
] as const;

function base64(text: string): string {
  return Buffer.from(text).toString('base64');
}

function page(content: Buffer): Buffer {
  return Buffer.concat([Buffer.alloc(8_191, 1), content, Buffer.alloc(8_192)]);
}

it.each(LEAKS)('finds a leak in %s', async (_, file, content) => {
  const place = path.join(folder, path.dirname(file));
  await mkdir(place, { recursive: true });
  const clean = await searchPlace(folderPlace('place', place), needles);
  await writeFile(path.join(folder, file), content);
  const leaky = await searchPlace(folderPlace('place', place), needles);

  expect(new Set(leaky.hits.map(({ field }) => field))).toEqual(new Set([FIELD]));
  expect(leaky.hits.some((hit) => hit.file === path.basename(file))).toBe(true);
  expect(leaky.hits.length).toBeGreaterThan(clean.hits.length);
});

it('finds a document that is stored without encryption', async () => {
  await writeFile(path.join(folder, 'label.pdf'), document);
  const { hits } = await searchPlace(folderPlace('documents', folder, ['logs', 'tmp']), needles);
  expect(hits).toContainEqual({
    ...{ file: 'label.pdf', field: 'planted: document' },
    ...{ encoding: 'bytes', compressed: false },
  });
});

it.each([
  ['a dump of a table', `1\t{"patient": {"lastName": "${lastName}"}}`],
  ['metrics', `requests_total{patient="${lastName}"} 1`],
])('finds a leak in %s', async (name, text) => {
  const place = textPlace(name, async function* () {
    yield { name, bytes: Buffer.from(text) };
  });
  const finding = await searchPlace(place, needles);
  expect(finding.hits).toEqual([
    { file: name, field: FIELD, encoding: 'utf-8', compressed: false },
  ]);
  expect(hitsOf([finding])).toBe(1);
  expect(report([finding])).toContain(`${name} | ${FIELD} | utf-8 | 1 hits`);
});

it('fails for a place that does not exist', async () => {
  const missing = folderPlace('logs', path.join(folder, 'missing'));
  await expect(searchPlace(missing, needles)).rejects.toThrow('ENOENT');
});

it('marks a case and an order that the API accepts', () => {
  const order = canary.order('pharmacy-123');
  const { patient, idempotencyKey } = canary;
  expect(parsePlaceOrder({ action: 'PLACE_ORDER', idempotencyKey, order })).toEqual({
    ok: true,
    value: { action: 'PLACE_ORDER', idempotencyKey, order },
  });
  expect(parsePutCase({ patient })).toEqual({ ok: true, value: { patient } });
});

it('marks every text of both, except what is in clear text by design', () => {
  const texts = textsOf([canary.patient, canary.order('pharmacy-123'), canary.idempotencyKey]);
  const searched = canary.markers.map(({ text }) => text).join('\n');
  const unmarked = texts.filter((text) => !searched.includes(text));
  expect(new Set(unmarked)).toEqual(new Set(['WY', 'US', 'pharmacy-123', 'nested', 'deep']));
});

/** All values, and the names of fields that the contract does not have. */
function textsOf(value: unknown, free = false): string[] {
  if (typeof value !== 'object' || value === null) return [String(value)];
  if (Array.isArray(value)) return value.flatMap((part) => textsOf(part, free));
  return Object.entries(value).flatMap(([name, part]) => [
    ...(free ? [name] : []),
    ...textsOf(part, free || name === 'customFields'),
  ]);
}
