import { randomBytes } from 'node:crypto';
import { readFile, rename, writeFile } from 'node:fs/promises';
import path from 'node:path';

/** What a pharmacy and its client share. */
export interface Credentials {
  /** The bearer token of calls to the pharmacy. */
  readonly token: string;
  /** The Standard Webhooks secret of the pharmacy's webhooks, `whsec_…`. */
  readonly webhookSecret: string;
}

/**
 * The credentials of each pharmacy, made at the first start and the same ever after.
 *
 * @param dataDir an existing folder; they are kept in its `credentials.json`, readable by the
 *   owner only.
 * @throws {Error} when the file cannot be read, written or understood.
 */
export async function loadCredentials(
  dataDir: string,
  pharmacyIds: readonly string[],
): Promise<ReadonlyMap<string, Credentials>> {
  const file = path.join(dataDir, 'credentials.json');
  const known = await readKnown(file);
  const all = Object.fromEntries(pharmacyIds.map((id) => [id, known[id] ?? createCredentials()]));
  // Written aside first: a start that is killed here leaves the old file or the new one.
  await writeFile(`${file}.new`, `${JSON.stringify(all, null, 2)}\n`, { mode: 0o600 });
  await rename(`${file}.new`, file);
  return new Map(Object.entries(all));
}

async function readKnown(file: string): Promise<Partial<Record<string, Credentials>>> {
  try {
    return JSON.parse(await readFile(file, 'utf8')) as Record<string, Credentials>;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return {};
    throw error;
  }
}

function createCredentials(): Credentials {
  return {
    token: randomBytes(24).toString('base64url'),
    webhookSecret: `whsec_${randomBytes(24).toString('base64')}`,
  };
}
