import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { expect, it } from 'vitest';
import { connectionOptions } from '../../../src/temporal/connection-options.ts';

it('reads the API key of Temporal Cloud from a file, and uses TLS with it', () => {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'rx-api-key-'));
  try {
    const file = path.join(folder, 'key');
    writeFileSync(file, 'cloud-key\n');
    const options = connectionOptions({ TEMPORAL_API_KEY_FILE: file }, 'cloud:7233');
    expect(options).toMatchObject({ address: 'cloud:7233', apiKey: 'cloud-key', tls: true });
  } finally {
    rmSync(folder, { recursive: true });
  }
});

it('connects without TLS when no variable asks for it', () => {
  const options = connectionOptions({ TEMPORAL_API_KEY: '' }, 'temporal:7233');
  expect(options).toEqual({ address: 'temporal:7233' });
});
