import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { z } from 'zod';
import { codeOf } from '../lib/safe-error.ts';
import type { AuditRow } from './audit-rows.ts';
import { NO_SEAL, type Seal, sealHash } from './seal.ts';

/** The archive is damaged, incomplete, or was changed. `message` says how, for people. */
export class ArchiveError extends Error {
  override readonly name = 'ArchiveError';
}

/*
 * An archive is a gzip file of lines of JSON: a header with the numbers of its first and last seal, and for each seal an
 * object with its fields, followed by its rows as `rx audit export` prints them.
 */

const FORMAT = 'rx-orders audit archive 1';
const position = z.tuple([z.string(), z.string()]);
const bytes = z.hex().transform((text) => Buffer.from(text, 'hex'));
const header = z.strictObject({
  format: z.literal(FORMAT),
  firstNumber: z.string(),
  number: z.string(),
});
const sealLine = z.strictObject({
  seal: z.strictObject({
    ...{ number: z.string(), at: z.string(), first: position, last: position },
    ...{ count: z.int().min(1).max(1_000_000), previous: bytes, hash: bytes },
  }),
});
const text = z.string();
const optional = z.string().nullable();
const rowLine = z.strictObject({
  ...{ transactionId: text, id: text, at: text, actorKind: text, actor: text, action: text },
  ...{ organizationId: optional, caseId: optional, orderId: optional, source: optional },
  ...{ requestId: optional, result: text },
});

/** The first and the last seal of an archive. */
type SealRange = Pick<ArchiveContent, 'firstNumber' | 'number'>;

/** Writes the lines of an archive. */
export async function* archiveLines(
  range: SealRange,
  seals: AsyncIterable<{ readonly seal: Seal; readonly rows: readonly AuditRow[] }>,
): AsyncGenerator<string> {
  yield `${JSON.stringify({ format: FORMAT, ...range })}\n`;
  for await (const { seal, rows } of seals) {
    const { previous, hash, ...rest } = seal;
    const shown = { ...rest, previous: previous.toString('hex'), hash: hash.toString('hex') };
    yield `${JSON.stringify({ seal: shown })}\n`;
    for (const row of rows) yield `${JSON.stringify(row)}\n`;
  }
}

/** What an archive contains. */
export interface ArchiveContent {
  readonly firstNumber: string;
  readonly number: string;
  readonly seals: number;
  readonly rows: number;
  /** The hash of the seal before the first one. */
  readonly previous: Buffer;
  /** The hash of the last seal. */
  readonly hash: Buffer;
  /** When the last seal was made. */
  readonly sealedAt: string;
  /** Of the file. */
  readonly sha256: Buffer;
  /** Whether one of the seals has the hash that was asked for. */
  readonly hasHead: boolean;
}

/**
 * Verifies an archive without a database: computes every seal again from its rows, and the chain of the seals.
 *
 * @param head the hash of a seal to look for, in hex.
 * @throws {ArchiveError} the file is missing, damaged, or does not match its seals. The message names the file.
 */
export async function verifyArchive(file: string, head?: string): Promise<ArchiveContent> {
  const sha256 = createHash('sha256');
  const hashed = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      sha256.update(chunk);
      done(null, chunk);
    },
  });
  const unzipped = createGunzip();
  const piped = pipeline(createReadStream(file), hashed, unzipped).then(
    () => undefined,
    (error: Error) => error,
  );
  const lines = createInterface({ input: unzipped, crlfDelay: Infinity })[Symbol.asyncIterator]();
  let number = 0;
  const next = async <T>(schema: z.ZodType<T>): Promise<T | undefined> => {
    const line: IteratorResult<string, unknown> = await lines.next();
    if (line.done === true) return undefined;
    number += 1;
    return schema.parse(JSON.parse(line.value));
  };
  try {
    const content = await readContent(next, head);
    const broken = await piped;
    if (broken !== undefined) throw broken;
    return { ...content, sha256: sha256.digest() };
  } catch (error) {
    unzipped.destroy();
    const broken = await piped;
    throw new ArchiveError(`${file}: ${reasonOf(error, broken, number)}`);
  }
}

/** Tells what is wrong with an archive. */
function reasonOf(error: unknown, broken: Error | undefined, line: number): string {
  const isOfLine =
    error instanceof ArchiveError || error instanceof SyntaxError || error instanceof z.ZodError;
  // A fault in a line puts an early end to the reading of the file, which is no fault of its own.
  const isOfFile = broken !== undefined && codeOf(broken) !== 'ERR_STREAM_PREMATURE_CLOSE';
  if (isOfFile || !isOfLine) {
    const code = codeOf(isOfFile ? broken : error);
    if (code === 'ENOENT') return 'there is no such file';
    if (code === 'Z_BUF_ERROR') return 'the file is cut off';
    return `the file cannot be read, or is damaged (${code})`;
  }
  if (error instanceof ArchiveError) return error.message;
  return `line ${line} is damaged, is not where it belongs, or is not of an archive of an audit log`;
}

async function readContent(
  next: <T>(schema: z.ZodType<T>) => Promise<T | undefined>,
  head: string | undefined,
): Promise<Omit<ArchiveContent, 'sha256'>> {
  const range = await next(header);
  if (range === undefined) throw new ArchiveError('the file is empty');
  let [seals, rows, hasHead] = [0, 0, false];
  let [first, last]: [Seal | undefined, Seal | undefined] = [undefined, undefined];
  while (last?.number !== range.number) {
    const expected = last === undefined ? range.firstNumber : String(BigInt(last.number) + 1n);
    const line = await next(sealLine);
    if (line === undefined) throw new ArchiveError(`seal ${expected} is missing`);
    const { seal } = line;
    const previous = last?.hash ?? (seal.number === '1' ? NO_SEAL : seal.previous);
    if (seal.number !== expected) {
      throw new ArchiveError(`seal ${seal.number} stands where seal ${expected} belongs`);
    }
    if (!seal.previous.equals(previous)) {
      throw new ArchiveError(`seal ${seal.number} does not continue the previous seal`);
    }
    const ofSeal: AuditRow[] = [];
    for (let n = 0; n < seal.count; n += 1) {
      const row = await next(rowLine);
      if (row === undefined) throw new ArchiveError(`rows of seal ${seal.number} are missing`);
      ofSeal.push(row);
    }
    if (!seal.hash.equals(sealHash(seal, ofSeal))) {
      throw new ArchiveError(`seal ${seal.number} does not match: it or its rows were changed`);
    }
    [seals, rows] = [seals + 1, rows + ofSeal.length];
    hasHead ||= seal.hash.toString('hex') === head;
    first ??= seal;
    last = seal;
  }
  if ((await next(z.unknown())) !== undefined) {
    throw new ArchiveError(`there are lines after seal ${range.number}, the last one`);
  }
  if (first === undefined || last === undefined) throw new ArchiveError('the archive is empty');
  return {
    ...{ firstNumber: first.number, number: last.number, seals, rows, hasHead },
    ...{ previous: first.previous, hash: last.hash, sealedAt: last.at },
  };
}
