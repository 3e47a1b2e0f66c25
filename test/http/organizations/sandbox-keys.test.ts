import { expect, it, onTestFinished } from 'vitest';
import { seedSandbox } from '../../../sandbox/fixtures.ts';
import {
  refuseSandboxKeys,
  SandboxDatabaseError,
} from '../../../src/storage/refuse-sandbox-keys.ts';
import { createTestDatabase } from '../../support/database.ts';
import { createOrganization, ENCRYPTION_KEYS, HASH_SECRET } from '../../support/organization.ts';
import { withKeysOf } from '../../support/sealed-rows.ts';

it('refuses a database with the public sandbox keys until they are revoked', async () => {
  const { database, url, drop } = await createTestDatabase();
  onTestFinished(drop);
  await createOrganization(database);
  await refuseSandboxKeys(database);
  const { keys } = withKeysOf(ENCRYPTION_KEYS);
  await seedSandbox({ databaseUrl: url, hashSecret: HASH_SECRET, keys, pharmacies: [] });
  await expect(refuseSandboxKeys(database)).rejects.toThrow(SandboxDatabaseError);
  await database`UPDATE api_keys SET revoked_at = now() WHERE name LIKE 'Sandbox %'`;
  await refuseSandboxKeys(database);
});
