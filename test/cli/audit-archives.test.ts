import { appendFile, mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { expect, it, vi } from 'vitest';
import { OLDER_TRANSACTIONS_MS, recordRows, sealRows } from '../support/audit.ts';
import { createRx } from '../support/cli.ts';
import { createTestDatabase } from '../support/database.ts';

vi.setConfig({ testTimeout: 3 * OLDER_TRANSACTIONS_MS });

it('archives what is sealed, and verifies archives without a database', async () => {
  const test = await createTestDatabase();
  const rx = createRx(test.url);
  await recordRows(test.database, 'abcd');
  await sealRows(test.database, 4);
  const folder = await mkdtemp(path.join(os.tmpdir(), 'rx-archives-'));
  try {
    const first = await rx(['audit', 'archive', '--to', folder, '--json'], {
      env: { RX_OPERATOR: 'anna' },
    });
    expect(first.code, first.stderr).toBe(0);
    expect(first.json.archive).toMatchObject({ firstNumber: '1', number: '1', rows: 4 });
    await sealRows(test.database, 1);
    const second = await rx(['audit', 'archive', '--to', folder]);
    expect(second.stdout).toMatch(/^seals +2 to 2$/m);
    const files = [`${folder}/audit-2-2.ndjson.gz`, `${folder}/audit-1-1.ndjson.gz`];
    const offline = { env: { DATABASE_URL: 'postgres://nobody@127.0.0.1:1/none' } };
    const [, head] = first.json.archive.head.split(' ');
    const verify = ['audit', 'verify', '--head', head, '--archive'];
    const verified = await rx([...verify, ...files], offline);
    expect(verified.code, verified.stderr).toBe(0);
    expect(verified.stdout).toMatch(/^audit-1-1.ndjson.gz +1 to 1 +4 /m);
    await appendFile(files[0]!, 'x');
    expect((await rx([...verify, ...files], offline)).code).toBe(1);
    const [row] = await test.database`SELECT action FROM audit_log WHERE actor = 'anna'`;
    expect(row).toEqual({ action: 'AUDIT_LOG_ARCHIVED' });
  } finally {
    await rm(folder, { recursive: true });
    await test.drop();
  }
});
