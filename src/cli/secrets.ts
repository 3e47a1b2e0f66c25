import { readFile } from 'node:fs/promises';
import { buffer } from 'node:stream/consumers';
import { UsageError } from './command-errors.ts';
import type { CliContext } from './context.ts';

/** Where a secret comes from. Never an argument: every process of the machine can read those. */
export interface SecretSource {
  /** A file, or `-` for standard input. */
  readonly file: string | undefined;
  /** The name of a variable. */
  readonly variable: string | undefined;
}

/** Longest secret, in bytes. */
const MAX_BYTES = 8_192;

/**
 * Reads a secret: the file's text without the line break that editors put behind it.
 *
 * @param option its name in messages, e.g. `token`: the options are `--token-file`, `--token-env`.
 * @param allows.blanks whether it may have spaces inside, as the value of a header has.
 * @returns undefined when no source is named.
 * @throws {UsageError} two sources are named, or what they hold is no secret.
 */
export async function readSecret(
  context: CliContext,
  option: string,
  source: SecretSource,
  allows: { readonly blanks: boolean } = { blanks: false },
): Promise<string | undefined> {
  const { file, variable } = source;
  if (file !== undefined && variable !== undefined) {
    throw new UsageError(`--${option}-file and --${option}-env: give one of them`);
  }
  if (file === undefined && variable === undefined) return undefined;
  const text =
    variable === undefined ? await readText(context, file ?? '') : context.variable(variable);
  const secret = (text ?? '').replace(/\r?\n$/, '');
  if (secret === '') {
    throw new UsageError(
      `the ${option} is empty: nothing in what --${option}-${variable === undefined ? 'file' : 'env'} names`,
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

/** A file of the command line that cannot be read. */
export function unreadable(file: string, error: unknown): UsageError {
  const code = error instanceof Error && 'code' in error ? String(error.code) : 'UNKNOWN';
  return new UsageError(`${file} cannot be read: ${code}`);
}
