import { readFile, rename, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';

const MANIFEST = 'manifest.json';

const file = z.strictObject({
  /** The file's path in the backup. */
  file: z.string(),
  /** In bytes. */
  size: z.int(),
  sha256: z.string(),
});

const schema = z.strictObject({
  format: z.literal(1),
  createdAt: z.iso.datetime(),
  postgresVersion: z.string(),
  /** The migrations of the database, in their order. A backup is loaded into a database with the same ones. */
  migrations: z.array(z.string()),
  /** In an order in which rows come after those that they refer to. */
  tables: z.array(file.extend({ table: z.string(), columns: z.array(z.string()), rows: z.int() })),
  documents: z.array(file.extend({ storageKey: z.string() })),
  /** The master keys without which the backup cannot be read. */
  masterKeyIds: z.array(z.string()),
  /** Shows whether a deployment has the HASH_SECRET of the backup; see `checkOfHashSecret`. */
  hashSecretCheck: z.string(),
});

/** What a backup contains, with the checksum of each file. */
export type Manifest = z.infer<typeof schema>;

/** The backup is incomplete, damaged, or does not fit this deployment. `message` says how, for people. */
export class BackupError extends Error {
  override readonly name = 'BackupError';
}

/** Writes the manifest. It is the last file of a backup: without it, the backup is incomplete. */
export async function writeManifest(folder: string, manifest: Manifest): Promise<void> {
  const target = path.join(folder, MANIFEST);
  await writeFile(`${target}.part`, `${JSON.stringify(manifest, undefined, 2)}\n`, {
    mode: 0o600,
    flush: true,
  });
  await rename(`${target}.part`, target);
}

/**
 * Reads the manifest of a backup.
 *
 * @throws {BackupError} there is none, or it is not one of ours.
 */
export async function readManifest(folder: string): Promise<Manifest> {
  const text = await readFile(path.join(folder, MANIFEST), 'utf8').catch(() => {
    throw new BackupError(
      `${folder} has no ${MANIFEST}: it is not a backup, or the backup did not finish`,
    );
  });
  try {
    return schema.parse(JSON.parse(text));
  } catch {
    throw new BackupError(`${MANIFEST} is not the manifest of a backup that this version can read`);
  }
}
