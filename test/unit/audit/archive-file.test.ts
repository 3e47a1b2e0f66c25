import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { archiveLines, verifyArchive } from '../../../src/audit/archive-file.ts';
import type { AuditRow } from '../../../src/audit/audit-rows.ts';
import { NO_SEAL, type Seal, type Sealing, sealHash } from '../../../src/audit/seal.ts';

let folder: string;
let file: string;
let whole: Buffer;
beforeAll(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'rx-archive-'));
  file = path.join(folder, 'audit-1-2.ndjson.gz');
  let text = '';
  for await (const line of archiveLines({ firstNumber: '1', number: '2' }, twoSeals()))
    text += line;
  whole = gzipSync(text);
});
afterAll(() => rm(folder, { recursive: true }));

const AT = '2026-11-28T10:00:00.000000Z';

function rowOf(actor: string, id: string): AuditRow {
  return {
    ...{ transactionId: '7', id, at: AT, actorKind: 'operator', actor, action: 'CASE_READ' },
    ...{ organizationId: null, caseId: null, orderId: null, source: null, requestId: null },
    result: 'OK',
  };
}

/** Two seals of two rows each. */
async function* twoSeals(): AsyncGenerator<{ seal: Seal; rows: AuditRow[] }> {
  let previous: Buffer = NO_SEAL;
  for (const [number, first, last] of [
    ['1', 'a', 'b'],
    ['2', 'c', 'd'],
  ] as const) {
    const rows = [rowOf(first, `${number}1`), rowOf(last, `${number}2`)];
    const sealing: Sealing = {
      ...{ number, at: AT, count: 2, previous },
      first: ['7', `${number}1`],
      last: ['7', `${number}2`],
    };
    const hash = sealHash(sealing, rows);
    yield { seal: { ...sealing, hash }, rows };
    previous = hash;
  }
}

it('accepts a whole archive, and tells whether it has a head', async () => {
  await writeFile(file, whole);
  const { hash, ...content } = await verifyArchive(file);
  expect(content).toMatchObject({ firstNumber: '1', number: '2', seals: 2, rows: 4 });
  expect(content).toMatchObject({ sealedAt: AT, hasHead: false });
  expect((await verifyArchive(file, hash.toString('hex'))).hasHead).toBe(true);
});

it.each<[string, (lines: string[]) => (string | undefined)[], RegExp]>([
  [
    'a changed row',
    (lines) => lines.map((line) => line.replace('"a"', '"x"')),
    /seal 1 .* changed$/,
  ],
  [
    'a changed seal',
    (lines) => lines.map((line) => line.replace('"count":2', '"count":1')),
    /seal 1 /,
  ],
  ['a missing row', ([head, one, a, , ...rest]) => [head, one, a, ...rest], /line 4 is damaged/],
  [
    'rows in another order',
    ([head, one, a, b, ...rest]) => [head, one, b, a, ...rest],
    /seal 1 .* ch/,
  ],
  [
    'rows of another seal',
    ([head, one, a, b, two, c, d]) => [head, one, a, c, two, b, d],
    /seal 1 /,
  ],
  [
    'seals in another order',
    ([h, one, a, b, ...two]) => [h, ...two, one, a, b],
    /seal 2 stands where/,
  ],
  ['no first seal', ([head, , , , ...two]) => [head, ...two], /seal 2 stands where seal 1 belongs/],
  ['no last seal', (lines) => lines.slice(0, 4), /seal 2 is missing/],
  ['no last row', (lines) => lines.slice(0, -1), /rows of seal 2 are missing/],
  ['an added row', (lines) => [...lines, lines.at(-1)], /lines after seal 2/],
  ['half a line', (lines) => [...lines.slice(0, -1), lines.at(-1)?.slice(0, 40)], /line 7 is dam/],
  [
    'another format',
    ([head, ...rest]) => [head?.replace('archive 1', 'archive 9'), ...rest],
    /line 1/,
  ],
  ['nothing', () => [], /is empty/],
])('an archive with %s is refused by name', async (_what, change, message) => {
  const lines = gunzipSync(whole)
    .toString()
    .split(/(?<=\n)/);
  const changed = change(lines);
  expect(changed).not.toEqual(lines);
  await writeFile(file, gzipSync(changed.join('')));
  await expect(verifyArchive(file)).rejects.toThrow(message);
  await expect(verifyArchive(file)).rejects.toThrow(file);
});

it.each<[string, (bytes: Buffer) => Buffer, RegExp]>([
  ['is cut off', (bytes) => bytes.subarray(0, bytes.length - 30), /the file is cut off/],
  ['has a wrong byte', (bytes) => bytes.fill(0x55, 60, 70), /damaged|line \d|seal \d/],
  ['is not compressed', (bytes) => gunzipSync(bytes), /damaged \(Z_DATA_ERROR\)/],
  ['has more bytes', (bytes) => Buffer.concat([bytes, Buffer.from('x')]), /cut off|damaged/],
])('an archive that %s is refused by name', async (_what, change, message) => {
  await writeFile(file, change(Buffer.from(whole)));
  await expect(verifyArchive(file)).rejects.toThrow(message);
  await expect(verifyArchive(`${file}.none`)).rejects.toThrow('there is no such file');
});
