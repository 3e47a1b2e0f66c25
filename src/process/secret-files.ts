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
  'CONSOLE_OIDC_CLIENT_SECRET',
  'TEMPORAL_API_KEY',
  'DOCUMENTS_S3_ACCESS_KEY_ID',
  'DOCUMENTS_S3_SECRET_ACCESS_KEY',
  'KMS_ACCESS_KEY_ID',
  'KMS_SECRET_ACCESS_KEY',
] as const;

/**
 * Returns the environment with the secrets that were read from files, without the final line break.
 *
 * @throws {ConfigError} a file cannot be read or is empty, or a secret is set in both ways. The message
 *   contains no value.
 */
export function readSecretFiles(env: Environment): Environment {
  const read: Record<string, string> = {};
  for (const name of SECRET_VARIABLES) {
    const file = env[`${name}_FILE`];
    if (!file) continue;
    if (env[name]) throw new ConfigError(`${name} and ${name}_FILE are both set: unset one`);
    read[name] = readSecretFile(name, file);
  }
  return { ...env, ...read };
}

function readSecretFile(name: string, file: string): string {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'UNKNOWN';
    throw new ConfigError(`${name}_FILE names a file that cannot be read (${code})`);
  }
  const secret = text.replace(/\r?\n$/, '');
  // An empty variable counts as unset, but an empty file is a secret that was not delivered.
  if (secret === '') throw new ConfigError(`${name}_FILE names a file that is empty`);
  return secret;
}
