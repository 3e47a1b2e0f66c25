import os from 'node:os';
import { createLogin } from '../src/operators/console-sessions.ts';
import { openDatabase } from '../src/storage/database.ts';
import { urlOfRole } from './database-url.ts';
import type { Stack } from './stack.ts';

/** Creates a link that logs the user of this machine in to the sandbox's console as `admin`, once. */
export async function createLoginLink({
  databaseUrl,
  consoleUrl,
}: Pick<Stack, 'databaseUrl' | 'consoleUrl'>): Promise<string> {
  const database = openDatabase(urlOfRole(databaseUrl, 'operator'), 1);
  try {
    const user = { operator: os.userInfo().username, role: 'admin' } as const;
    return `${consoleUrl}/login?key=${await createLogin(database, user)}`;
  } finally {
    await database.end();
  }
}
