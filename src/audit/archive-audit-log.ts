import { randomBytes } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { mkdir, readdir, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { OperatorConflictError } from '../lib/operator-errors.ts';
import { codeOf } from '../lib/safe-error.ts';
import { syncDirectory } from '../lib/sync-directory.ts';
import type { Sql } from '../storage/database.ts';
import { type ArchiveContent, ArchiveError, archiveLines, verifyArchive } from './archive-file.ts';
import { type AuditPosition, type AuditRow, BEGINNING, readAuditRows } from './audit-rows.ts';
import { NO_SEAL, readSeals, type Seal, type SealEnd } from './seal.ts';

/** Seals that are read at once. */
const PAGE = 100;

/** A new archive. */
export interface Archive extends ArchiveContent {
  readonly file: string;
}

/**
 * Writes the sealed rows that no archive has yet into a new file of a folder, reads the file again and verifies it, and only
 * then records it: its rows may be pruned from then on, after their retention time. If an earlier run was interrupted before
 * it recorded its file, this run verifies and records that file instead.
 *
 * @returns undefined if every seal is in an archive.
 * @throws {ArchiveError} the log does not match its seals, or a file in the folder does not match the log. Nothing was recorded.
 * @throws {OperatorConflictError} another run recorded an archive of these seals meanwhile.
 */
export async function archiveAuditLog(sql: Sql, folder: string): Promise<Archive | undefined> {
  const start = await newestArchive(sql);
  const [newest] = await sql<{ number: string }[]>`
    SELECT number::text AS number FROM audit_seals ORDER BY audit_seals.number DESC LIMIT 1`;
  const first = String(BigInt(start?.number ?? 0) + 1n);
  if (newest === undefined || BigInt(newest.number) < BigInt(first)) return undefined;
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const range = { firstNumber: first, number: newest.number };
  const left = (await readdir(folder)).find((name) => isArchiveFrom(name, first));
  const file = path.join(folder, left ?? `audit-${first}-${newest.number}.ndjson.gz`);
  const content =
    left === undefined
      ? await writeWhole(file, archiveLines(range, sealsWithRows(sql, start, newest.number)))
      : await verifyArchive(file);
  if (!(await isOfLog(sql, content, start))) {
    throw new ArchiveError(`${file} is not an archive of this log: move it to another folder`);
  }
  await record(sql, file, content);
  return { ...content, file };
}

function isArchiveFrom(name: string, first: string): boolean {
  return name.startsWith(`audit-${first}-`) && name.endsWith('.ndjson.gz');
}

/** Writes a file under another name first, so that the name of an archive always has a whole one, after a crash too. */
async function writeWhole(file: string, lines: AsyncIterable<string>): Promise<ArchiveContent> {
  const temporary = `${file}.${randomBytes(6).toString('hex')}.part`;
  try {
    const out = createWriteStream(temporary, { flags: 'wx', mode: 0o600, flush: true });
    await pipeline(Readable.from(lines), createGzip(), out);
    const content = await verifyArchive(temporary);
    await rename(temporary, file);
    await syncDirectory(path.dirname(file));
    return content;
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}

/** Whether an archive begins after the newest one, and ends with a seal that the database has. */
async function isOfLog(
  sql: Sql,
  { firstNumber, number, previous, hash }: ArchiveContent,
  start: SealEnd | undefined,
): Promise<boolean> {
  const [last] = await readSeals(sql, { after: String(BigInt(number) - 1n), limit: 1 });
  return (
    BigInt(firstNumber) === BigInt(start?.number ?? 0) + 1n &&
    previous.equals(start?.hash ?? NO_SEAL) &&
    last?.number === number &&
    last.hash.equals(hash)
  );
}

const UNIQUE_VIOLATION = '23505';

async function record(sql: Sql, file: string, content: ArchiveContent): Promise<void> {
  const { firstNumber, number, rows, sha256 } = content;
  try {
    await sql`
      INSERT INTO audit_archives (number, first_number, rows, sha256, file)
      VALUES (${number}::text::bigint, ${firstNumber}::text::bigint, ${rows}, ${sha256}, ${file})`;
  } catch (error) {
    if (codeOf(error) !== UNIQUE_VIOLATION) throw error;
    const [other] = await sql<{ file: string }[]>`
      SELECT file FROM audit_archives WHERE first_number = ${firstNumber}::text::bigint`;
    if (other?.file === file) return; // another run found the file of this one, or this one its
    await rm(file, { force: true });
    throw new OperatorConflictError(
      `another run has archived these rows meanwhile, into ${other?.file ?? 'an archive'}: start again for the rows since`,
    );
  }
}

async function* sealsWithRows(
  sql: Sql,
  start: SealEnd | undefined,
  upTo: string,
): AsyncGenerator<{ seal: Seal; rows: AuditRow[] }> {
  let after: AuditPosition = start?.last ?? BEGINNING;
  let [number, hash] = [start?.number ?? '0', start?.hash ?? NO_SEAL];
  while (BigInt(number) < BigInt(upTo)) {
    const page = await readSeals(sql, { after: number, limit: PAGE });
    if (page.length === 0) throw new ArchiveError(`seal ${BigInt(number) + 1n} is missing`);
    for (const seal of page) {
      if (BigInt(seal.number) > BigInt(upTo)) return;
      if (!seal.previous.equals(hash)) {
        throw new ArchiveError(`seal ${seal.number} does not continue the previous seal`);
      }
      const rows = await readAuditRows(sql, { after, upTo: seal.last, limit: seal.count + 1 });
      if (rows.length !== seal.count) {
        const what = rows.length < seal.count ? 'rows are missing' : 'there are extra rows';
        throw new ArchiveError(`seal ${seal.number} does not match: ${what}`);
      }
      yield { seal, rows };
      [after, number, hash] = [seal.last, seal.number, seal.hash];
    }
  }
}

/** The end of the newest archive, or of the newest one that is being pruned; undefined without one. */
export async function newestArchive(
  sql: Sql,
  { pruned = false }: { readonly pruned?: boolean } = {},
): Promise<SealEnd | undefined> {
  const [row] = await sql<
    (Omit<SealEnd, 'last'> & { lastTransactionId: string; lastId: string })[]
  >`
    SELECT number::text AS number, hash,
      to_char(sealed_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS at,
      last_transaction_id::text AS last_transaction_id, last_id::text AS last_id
    FROM audit_archives WHERE pruned_at IS NOT NULL OR NOT ${pruned}
    ORDER BY audit_archives.number DESC LIMIT 1`;
  return row && { ...row, last: [row.lastTransactionId, row.lastId] };
}
