import { renameSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { urlOfRole } from './database-url.ts';
import type { StackSettings } from './stack-settings.ts';

/**
 * Writes down how `rx` reaches this stack, as the operator's role, in a file that only its owner can
 * read. `src/cli/sandbox-connection.ts` reads it.
 */
export function writeConnectionFile(dataDir: string, settings: StackSettings): void {
  const { databaseUrl, temporalAddress, hashSecret, encryptionKeys } = settings;
  const file = path.join(dataDir, 'connection.json');
  const connection = {
    databaseUrl: urlOfRole(databaseUrl, 'operator'),
    temporalAddress,
    hashSecret,
    encryptionKeys,
  };
  // Renamed into place, so that a crash leaves all of it or none.
  writeFileSync(`${file}.new`, JSON.stringify(connection), { mode: 0o600 });
  renameSync(`${file}.new`, file);
}
