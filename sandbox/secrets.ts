import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { StackError } from './stack-error.ts';

/** What the sandbox keeps to itself, made once for each data folder. */
export interface Secrets {
  readonly postgresPassword: string;
  readonly hashSecret: string;
  /** A key ring of one key. */
  readonly encryptionKeys: string;
  /** Opens the codec server. */
  readonly codecToken: string;
}

const secretsSchema = z.object({
  postgresPassword: z.string().min(16),
  hashSecret: z.string().min(16),
  encryptionKeys: z.string().min(44),
  codecToken: z.string().min(16),
});

/** Reads the secrets of a data folder. @throws {StackError} they are not readable. */
export function readSecretsFile(file: string): Secrets {
  try {
    return secretsSchema.parse(JSON.parse(readFileSync(file, 'utf8')));
  } catch {
    throw new StackError(`${file} is not readable; restore it, or remove DATA_DIR to start afresh`);
  }
}
