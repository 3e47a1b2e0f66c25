import { readdirSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { openDataFolder } from '../../../sandbox/data-folder.ts';
import { temporaryFolderOfTest } from './helpers.ts';

test('keeps its secrets across starts, readable only by their owner', () => {
  const dataDir = path.join(temporaryFolderOfTest(), 'deep/data');
  const first = openDataFolder(dataDir);
  first.release();
  const second = openDataFolder(dataDir);
  expect(second.secrets).toEqual(first.secrets);
  expect(second.secrets.postgresPassword).not.toBe(second.secrets.hashSecret);
  expect(statSync(path.join(dataDir, 'secrets.json')).mode & 0o777).toBe(0o600);
});

test('refuses a second stack on the same folder, and names the process and the folder', () => {
  const dataDir = temporaryFolderOfTest();
  openDataFolder(dataDir);
  expect(() => openDataFolder(dataDir)).toThrow(
    new RegExp(`process ${process.pid} already runs a sandbox on DATA_DIR ${dataDir}`),
  );
});

test('names DATA_DIR when it cannot be written', () => {
  const file = path.join(temporaryFolderOfTest(), 'file');
  writeFileSync(file, '');
  expect(() => openDataFolder(path.join(file, 'data'))).toThrow(
    /DATA_DIR .* cannot be written \(ENOTDIR\)/,
  );
});

test('generates no new secrets when the old ones cannot be read, and releases the lock', () => {
  const dataDir = temporaryFolderOfTest();
  writeFileSync(path.join(dataDir, 'secrets.json'), '{}');
  expect(() => openDataFolder(dataDir)).toThrow(/secrets.json cannot be read/);
  expect(readdirSync(dataDir)).toEqual(['secrets.json']);
});
