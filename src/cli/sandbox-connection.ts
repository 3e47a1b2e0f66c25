import { readFileSync } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';
import { NoDatabaseError } from './command-errors.ts';

/** The file that `npm start` writes to `DATA_DIR`, readable only by the same user (mode 0600). */
const FILE = 'connection.json';

const connectionSchema = z.object({
  /** Logs in with the operators' role. */
  databaseUrl: z.url(),
  temporalAddress: z.string().min(1),
  temporalNamespace: z.string().min(1),
  hashSecret: z.string().min(1),
  encryptionKeys: z.string().min(1),
  /** Sandboxes that were started before there was a console do not name it. */
  consoleUrl: z.url().default('http://127.0.0.1:8235'),
});

/** How `rx` connects to the sandbox of `npm start`. `sandbox/data-folder.ts` writes the same fields. */
export interface SandboxConnection extends z.infer<typeof connectionSchema> {
  readonly dataDir: string;
}

/**
 * Reads how to connect to the sandbox of a data folder. The file stays when the sandbox stops; the first
 * query then fails.
 *
 * @param dataDir the sandbox's `DATA_DIR`.
 * @throws {NoDatabaseError} no sandbox has been started on the folder yet, or the file is damaged.
 */
export function readSandboxConnection(dataDir: string): SandboxConnection {
  const folder = path.resolve(dataDir);
  const file = path.join(folder, FILE);
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch {
    throw new NoDatabaseError(
      `no sandbox has been started on DATA_DIR ${folder}; run npm start, or set DATABASE_URL to use another database`,
    );
  }
  try {
    return { ...connectionSchema.parse(JSON.parse(text)), dataDir: folder };
  } catch {
    throw new NoDatabaseError(`${file} is damaged; restart the sandbox, which writes it again`);
  }
}
