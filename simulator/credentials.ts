import { randomBytes } from 'node:crypto';
import { readFile, rename, writeFile } from 'node:fs/promises';
import path from 'node:path';

/** The secrets that a pharmacy and its client share. */
export interface Credentials {
  /** The bearer token for calls to the pharmacy. */
  readonly token: string;
  /** The Standard Webhooks secret of the pharmacy's webhooks, `whsec_…`. */
  readonly webhookSecret: string;
}

/**
 * Reads the credentials of each pharmacy. The first start makes them, and they never change.
 *
 * @param dataDir an existing folder. Its `credentials.json` has the credentials and is readable by its
 *   owner only.
 * @throws {Error} the file cannot be read, written or parsed.
 */
export async function loadCredentials(
  dataDir: string,
  pharmacyIds: readonly string[],
): Promise<ReadonlyMap<string, Credentials>> {
  const file = path.join(dataDir, 'credentials.json');
  const known = await readKnown(file);
  const all = Object.fromEntries(pharmacyIds.map((id) => [id, known[id] ?? createCredentials()]));
  // A rename is atomic: a start that is killed here leaves the old file or the new one.
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
