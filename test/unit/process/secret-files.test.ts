import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { ConfigError } from '../../../src/process/config.ts';
import { readSecretFiles, SECRET_VARIABLES } from '../../../src/process/secret-files.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'rx-secrets-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

function fileOf(text: string): string {
  const file = path.join(folder, 'secret');
  writeFileSync(file, text);
  return file;
}

it.each(SECRET_VARIABLES)('reads %s from a file, without the final line feed', (name) => {
  const env = { PORT: '3000', [`${name}_FILE`]: fileOf(' two words \n') };
  expect(readSecretFiles(env)).toMatchObject({ PORT: '3000', [name]: ' two words ' });
});

it('returns an environment without such variables unchanged', () => {
  const env = { HASH_SECRET: 'kept', HASH_SECRET_FILE: '', OTHER_FILE: '/nowhere' };
  expect(readSecretFiles(env)).toEqual(env);
});

it('rejects a secret that is set in both ways', () => {
  const both = { HASH_SECRET: 'whispered', HASH_SECRET_FILE: fileOf('shouted') };
  expect(() => readSecretFiles(both)).toThrow(ConfigError);
  expect(() => readSecretFiles(both)).toThrow('HASH_SECRET and HASH_SECRET_FILE are both set');
  expect(() => readSecretFiles(both)).not.toThrow(/whispered|shouted/);
});

it('rejects a file that does not exist, a folder, and an empty file', () => {
  const read = (file: string) => () => readSecretFiles({ DATABASE_URL_FILE: file });
  expect(read(path.join(folder, 'nowhere'))).toThrow(
    'DATABASE_URL_FILE names a file that cannot be read (ENOENT)',
  );
  expect(read(folder)).toThrow('DATABASE_URL_FILE names a file that cannot be read (EISDIR)');
  expect(read(fileOf('\n'))).toThrow('DATABASE_URL_FILE names a file that is empty');
});
