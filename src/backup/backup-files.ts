import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { type Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip, createGzip } from 'node:zlib';
import { BackupError } from './manifest.ts';

/** A file of a backup, as its manifest describes it. */
export interface BackupFile {
  readonly file: string;
  readonly size: number;
  readonly sha256: string;
}

/**
 * Writes a file of a backup.
 *
 * @param options.compress whether to compress the bytes with gzip.
 */
export async function writeBackupFile(
  folder: string,
  file: string,
  bytes: AsyncIterable<Uint8Array>,
  { compress }: { readonly compress: boolean },
): Promise<BackupFile> {
  const target = path.join(folder, file);
  await mkdir(path.dirname(target), { recursive: true, mode: 0o700 });
  const measured = measure();
  const out = createWriteStream(target, { flags: 'wx', mode: 0o600, flush: true });
  if (compress) await pipeline(bytes, createGzip({ level: 3 }), measured.through, out);
  else await pipeline(bytes, measured.through, out);
  return { file, ...measured.result() };
}

/**
 * Reads a file of a backup. The stream fails with a {@link BackupError} at its end if the file was changed.
 *
 * @param options.compressed whether the file is compressed with gzip.
 */
export function readBackupFile(
  folder: string,
  { file, size, sha256 }: BackupFile,
  { compressed }: { readonly compressed: boolean },
): Readable {
  const measured = measure((found) => {
    if (found.size !== size || found.sha256 !== sha256) throw damaged(file);
  });
  const source = createReadStream(locate(folder, file));
  const end = compressed ? createGunzip() : measured.through;
  const streams = compressed ? [measured.through, end] : [end];
  source.on('error', (error) => end.destroy(missing(error, file)));
  measured.through.on('error', (error) => end.destroy(error));
  let last: Readable = source;
  for (const stream of streams) last = last.pipe(stream);
  return end;
}

/**
 * Compares a file with its checksum.
 *
 * @throws {BackupError} the file is missing or was changed.
 */
export async function checkBackupFile(folder: string, file: BackupFile): Promise<void> {
  for await (const _ of readBackupFile(folder, file, { compressed: false }));
}

/** The path of a file. A manifest from elsewhere must not name a file outside of its folder. */
function locate(folder: string, file: string): string {
  const root = path.resolve(folder);
  const target = path.resolve(root, file);
  if (!target.startsWith(root + path.sep))
    throw new BackupError(`the backup names the file ${file} outside of its folder`);
  return target;
}

function damaged(file: string): BackupError {
  return new BackupError(`the file ${file} of the backup was changed or is damaged`);
}

function missing(error: Error, file: string): Error {
  const isMissing = 'code' in error && error.code === 'ENOENT';
  return isMissing ? new BackupError(`the file ${file} of the backup is missing`) : error;
}

/** A stream that counts and hashes what passes, and can refuse it at the end. */
function measure(check: (found: Omit<BackupFile, 'file'>) => void = () => {}) {
  const hash = createHash('sha256');
  let size = 0;
  let sha256 = '';
  const through = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      hash.update(chunk);
      size += chunk.byteLength;
      done(null, chunk);
    },
    flush(done) {
      sha256 = hash.digest('hex');
      try {
        check({ size, sha256 });
        done();
      } catch (error) {
        done(error as Error);
      }
    },
  });
  return { through, result: () => ({ size, sha256 }) };
}
