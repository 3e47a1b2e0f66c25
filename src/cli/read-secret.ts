import { readFile } from 'node:fs/promises';
import { buffer } from 'node:stream/consumers';
import { UsageError } from './command-errors.ts';
import type { CliContext } from './context.ts';

/** The source of a secret. Arguments are no source, because every process of the machine can read them. */
export interface SecretSource {
  /** A file, or `-` for standard input. */
  readonly file: string | undefined;
  /** The name of an environment variable. */
  readonly variable: string | undefined;
}

/** The maximum length of a secret, in bytes. */
const MAX_BYTES = 8_192;

/**
 * Reads a secret from a file or variable, without the final line break that editors add.
 *
 * @param option the name of the secret in options and messages: `token` for `--token-file` and
 *   `--token-env`.
 * @param allows.blanks whether the secret may contain spaces, as the value of a header may.
 * @returns the secret; undefined when no source is given.
 * @throws {UsageError} two sources are given, or the value is empty or malformed.
 */
export async function readSecret(
  context: CliContext,
  option: string,
  source: SecretSource,
  allows: { readonly blanks: boolean } = { blanks: false },
): Promise<string | undefined> {
  const { file, variable } = source;
  if (file !== undefined && variable !== undefined) {
    throw new UsageError(`--${option}-file and --${option}-env cannot be used together`);
  }
  if (file === undefined && variable === undefined) return undefined;
  const text =
    variable === undefined ? await readText(context, file ?? '') : context.variable(variable);
  const secret = (text ?? '').replace(/\r?\n$/, '');
  if (secret === '') {
    throw new UsageError(
      `the ${option} is empty: check the ${variable === undefined ? 'file' : 'variable'} of --${option}-${variable === undefined ? 'file' : 'env'}`,
    );
  }
  const pattern = allows.blanks ? /^[\x20-\x7e]+$/ : /^[\x21-\x7e]+$/;
  if (secret.length > MAX_BYTES || !pattern.test(secret)) {
    throw new UsageError(
      `the ${option} must be ASCII characters on one line${allows.blanks ? '' : ', without spaces'}`,
    );
  }
  return secret;
}

async function readText(context: CliContext, file: string): Promise<string> {
  if (file === '-') return (await buffer(context.stdin)).toString('utf8');
  try {
    return await readFile(context.resolveFile(file), 'utf8');
  } catch (error) {
    throw unreadable(file, error);
  }
}

/** Returns the error for an input file that cannot be read. */
export function unreadable(file: string, error: unknown): UsageError {
  const code = error instanceof Error && 'code' in error ? String(error.code) : 'UNKNOWN';
  return new UsageError(`${file} cannot be read: ${code}`);
}
