import { readFileSync } from 'node:fs';
import { ConfigError, type Environment } from './config-schema.ts';

/**
 * Variables that can be read from a file, because container platforms mount secrets as files. The variable
 * `<NAME>_FILE` contains the path.
 */
export const SECRET_VARIABLES = [
  'DATABASE_URL',
  'HASH_SECRET',
  'DOCUMENT_LINK_SECRETS',
  'ENCRYPTION_KEYS',
  'CODEC_SERVER_TOKEN',
  'DOCUMENTS_S3_ACCESS_KEY_ID',
  'DOCUMENTS_S3_SECRET_ACCESS_KEY',
  'KMS_ACCESS_KEY_ID',
  'KMS_SECRET_ACCESS_KEY',
] as const;

/**
 * Returns the environment with the secrets that were read from files, without the final line break.
 *
 * @throws {ConfigError} a file cannot be read, or a secret is set in both ways. The message contains no
 *   value.
 */
export function readSecretFiles(env: Environment): Environment {
  const read: Record<string, string> = {};
  for (const name of SECRET_VARIABLES) {
    const file = env[`${name}_FILE`];
    if (!file) continue;
    if (env[name]) throw new ConfigError(`${name} and ${name}_FILE are both set: unset one`);
    try {
      read[name] = readFileSync(file, 'utf8').replace(/\r?\n$/, '');
    } catch {
      throw new ConfigError(`${name}_FILE names a file that cannot be read`);
    }
  }
  return { ...env, ...read };
}
