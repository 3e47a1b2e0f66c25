import { z } from 'zod';
import { createKeyProvider } from '../keys/create-key-provider.ts';
import { parseKeyRing } from '../keys/key-ring.ts';
import { migrate } from '../storage/migrate.ts';
import { seedSandbox } from '../storage/sandbox-fixtures.ts';

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
 * Brings the stack's own database to the current schema and puts the sandbox's fixtures into it.
 *
 * @param simulator resolves with the simulator's address once it answers.
 */
export async function fillSandbox(options: {
  readonly databaseUrl: string;
  readonly hashSecret: string;
  /** As in `ENCRYPTION_KEYS`. */
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
