import { z } from 'zod';
import { createKeyProvider } from '../src/keys/create-key-provider.ts';
import { parseKeyRing } from '../src/keys/key-ring.ts';
import { openDatabase } from '../src/storage/database.ts';
import { migrate } from '../src/storage/migrate.ts';
import { ROLES, urlOfRole } from './database-url.ts';
import { seedSandbox } from './fixtures.ts';

const pharmaciesSchema = z.object({
  pharmacies: z.array(
    z.object({
      id: z.string(),
      baseUrl: z.url(),
      token: z.string(),
      webhookSecret: z.string(),
    }),
  ),
});

/**
 * Migrates the sandbox's database to the current schema, and inserts the fixtures.
 *
 * @param options.simulator resolves with the simulator's base URL once the simulator is ready.
 */
export async function prepareDatabase(options: {
  readonly databaseUrl: string;
  readonly hashSecret: string;
  /** In the format of `ENCRYPTION_KEYS`. */
  readonly encryptionKeys: string;
  readonly simulator: Promise<string>;
}): Promise<void> {
  const { databaseUrl, hashSecret, encryptionKeys, simulator } = options;
  const migrated = migrate(databaseUrl).then(() => enableRoleLogins(databaseUrl));
  const [simulatorUrl] = await Promise.all([simulator, migrated]);
  const answer = await fetch(`${simulatorUrl}/control/pharmacies`);
  const { pharmacies } = pharmaciesSchema.parse(await answer.json());
  await seedSandbox({
    databaseUrl,
    hashSecret,
    keys: createKeyProvider({ encryptionKeys: parseKeyRing(encryptionKeys), kms: undefined }),
    pharmacies,
  });
}

/** Lets the programs log in: sets the passwords of the roles that the migrations created. */
async function enableRoleLogins(databaseUrl: string): Promise<void> {
  const sql = openDatabase(databaseUrl, 1);
  try {
    for (const role of ['server', 'worker', 'operator'] as const) {
      const { password } = new URL(urlOfRole(databaseUrl, role));
      await sql.unsafe(`ALTER ROLE ${ROLES[role]} LOGIN PASSWORD '${password}'`);
    }
  } finally {
    await sql.end();
  }
}
