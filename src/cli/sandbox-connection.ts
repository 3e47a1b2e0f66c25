import { readFileSync } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';
import { NoDatabaseError } from './command-errors.ts';

/** The file in `DATA_DIR` that `npm start` writes, for programs of the same user only (mode 0600). */
const FILE = 'connection.json';

const connectionSchema = z.object({
  /** Logs in with the operator's role. */
  databaseUrl: z.url(),
  temporalAddress: z.string().min(1),
  hashSecret: z.string().min(1),
  encryptionKeys: z.string().min(1),
});

/** How `rx` reaches the stack of `npm start`. */
export interface SandboxConnection extends z.infer<typeof connectionSchema> {
  readonly dataDir: string;
}

/**
 * Reads how to reach the sandbox whose data is in a folder. Whether it still runs shows when someone
 * connects.
 *
 * @param dataDir the sandbox's `DATA_DIR`.
 * @throws {NoDatabaseError} no sandbox was started on the folder yet, or its file is damaged.
 */
export function readSandboxConnection(dataDir: string): SandboxConnection {
  const folder = path.resolve(dataDir);
  const file = path.join(folder, FILE);
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch {
    throw new NoDatabaseError(
      `DATA_DIR ${folder} is not a sandbox's: no sandbox was started on it yet; npm start starts one, DATABASE_URL names another database`,
    );
  }
  try {
    return { ...connectionSchema.parse(JSON.parse(text)), dataDir: folder };
  } catch {
    throw new NoDatabaseError(`${file} is damaged; restart the sandbox to write it again`);
  }
}
