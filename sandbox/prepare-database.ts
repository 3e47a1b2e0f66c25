import { z } from 'zod';
import { createKeyProvider } from '../src/keys/create-key-provider.ts';
import { parseKeyRing } from '../src/keys/key-ring.ts';
import { migrate } from '../src/storage/migrate.ts';
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
  const [simulatorUrl] = await Promise.all([simulator, migrate(databaseUrl)]);
  const answer = await fetch(`${simulatorUrl}/control/pharmacies`);
  const { pharmacies } = pharmaciesSchema.parse(await answer.json());
  await seedSandbox({
    databaseUrl,
    hashSecret,
    keys: createKeyProvider({ encryptionKeys: parseKeyRing(encryptionKeys), kms: undefined }),
    pharmacies,
  });
}
