import { existsSync } from 'node:fs';
import path from 'node:path';
import type { Environment } from '../config.ts';
import { databaseUrl, urlOfRole } from './database-url.ts';
import { portsFrom } from './ports.ts';
import { readSecretsFile } from './secrets.ts';
import { StackError } from './stack-error.ts';

// The image has this file too, but nothing that is plain JavaScript: no lock, no process table.

/** How to reach the stack of `npm start` from another process of the same person. */
export interface RunningSandbox {
  readonly dataDir: string;
  readonly postgresPort: number;
  /** For operators. */
  readonly databaseUrl: string;
  readonly temporalAddress: string;
  readonly hashSecret: string;
  readonly encryptionKeys: string;
}

/**
 * Works out where the stack on `DATA_DIR` has its database, from the same variables as the stack
 * itself. Whether it runs shows when someone connects.
 *
 * @throws {StackError} no stack was ever started on it, or `POSTGRES_PORT` is no port.
 */
export function runningSandbox(env: Environment): RunningSandbox {
  const dataDir = path.resolve(env.DATA_DIR || '.data');
  const { POSTGRES_PORT: postgresPort, TEMPORAL_PORT } = portsFrom(env);
  const file = path.join(dataDir, 'secrets.json');
  if (!existsSync(file)) {
    throw new StackError(`DATA_DIR ${dataDir} is no sandbox's: no stack was started on it yet`);
  }
  const secrets = readSecretsFile(file);
  return {
    dataDir,
    postgresPort,
    temporalAddress: env.TEMPORAL_ADDRESS || `127.0.0.1:${TEMPORAL_PORT}`,
    databaseUrl: urlOfRole(databaseUrl(postgresPort, secrets.postgresPassword), 'operator'),
    hashSecret: env.HASH_SECRET || secrets.hashSecret,
    encryptionKeys: env.ENCRYPTION_KEYS || secrets.encryptionKeys,
  };
}
