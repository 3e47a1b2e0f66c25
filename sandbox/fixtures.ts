import { putCase } from '../src/cases/put-case.ts';
import type { KeyProvider } from '../src/keys/key-provider.ts';
import { keyedHash } from '../src/keys/keyed-hash.ts';
import { addPharmacy } from '../src/pharmacy/registry.ts';
import { openDatabase } from '../src/storage/database.ts';
import { SANDBOX_KEY_IDS } from '../src/storage/refuse-sandbox-keys.ts';
import { inTransaction } from '../src/storage/transaction.ts';

/** A pharmacy of the simulator. */
export interface SandboxPharmacy {
  readonly id: string;
  readonly baseUrl: string;
  readonly token: string;
  readonly webhookSecret: string;
}

/** The actor of these changes in the audit log. */
const SANDBOX = { actorKind: 'system', actor: 'sandbox' } as const;

const DEMO = '0198a000-0000-7000-8000-000000000001';
const OTHER = '0198a000-0000-7000-8000-000000000002';

const ORGANIZATIONS = [
  { id: DEMO, name: 'Demo Telehealth' },
  { id: OTHER, name: 'Other Clinic' },
];

const ALL_SCOPES = ['orders:write', 'orders:read', 'cases:write', 'webhooks:manage'];

const KEYS = [
  { organizationId: DEMO, key: 'YOUR_SECRET_KEY', scopes: ALL_SCOPES, revoked: false },
  { organizationId: DEMO, key: 'READ_ONLY_KEY', scopes: ['orders:read'], revoked: false },
  { organizationId: DEMO, key: 'REVOKED_KEY', scopes: ALL_SCOPES, revoked: true },
  { organizationId: OTHER, key: 'OTHER_SECRET_KEY', scopes: ALL_SCOPES, revoked: false },
];

const PATIENT = {
  firstName: 'Jane',
  lastName: 'Sample',
  dateOfBirth: '1980-04-01',
  email: 'jane.sample@example.com',
};

const ADDRESS = {
  addressLine1: '789 Patient Ave',
  city: 'San Francisco',
  state: 'CA',
  country: 'US',
  postalCode: '94110',
};

const CASES = [
  {
    id: '123e4567-e89b-12d3-a456-426614174000',
    organizationId: DEMO,
    patient: { ...PATIENT, address: ADDRESS },
  },
  { id: '323e4567-e89b-12d3-a456-426614174000', organizationId: DEMO, patient: PATIENT },
  {
    id: '223e4567-e89b-12d3-a456-426614174000',
    organizationId: OTHER,
    patient: { ...PATIENT, address: ADDRESS },
  },
];

/**
 * Inserts the sandbox's fixtures into its database: the organizations, keys and cases that the
 * published examples use, and the simulator's pharmacies. Calling it again changes nothing. Only the
 * sandbox calls it, and only on its own database, never on a `DATABASE_URL`: the API keys are public.
 */
export async function seedSandbox(options: {
  databaseUrl: string;
  hashSecret: string;
  keys: KeyProvider;
  pharmacies: readonly SandboxPharmacy[];
}): Promise<void> {
  const { hashSecret, keys } = options;
  const database = openDatabase(options.databaseUrl, 2, { keys, hashSecret });
  try {
    await inTransaction(database, async (sql) => {
      for (const { id, name } of ORGANIZATIONS) {
        await sql`
          INSERT INTO organizations (id, name) VALUES (${id}, ${name}) ON CONFLICT DO NOTHING`;
      }
      for (const [index, { organizationId, key, scopes, revoked }] of KEYS.entries()) {
        await sql`
          INSERT INTO api_keys (id, organization_id, name, key_hash, scopes, revoked_at)
          VALUES (${SANDBOX_KEY_IDS[index]!}, ${organizationId}, ${`Sandbox ${index + 1}`},
            ${keyedHash(hashSecret, 'api-key', key)}, ${scopes},
            ${revoked ? sql`now()` : null})
          ON CONFLICT (id) DO UPDATE SET key_hash = excluded.key_hash`;
      }
    });
    // After the commit: the data key that encrypts a case is created for an existing organization.
    for (const { id: caseId, organizationId, patient } of CASES) {
      const there = await database`SELECT FROM cases
        WHERE organization_id = ${organizationId} AND id = ${caseId}`;
      if (there.length > 0) continue;
      await putCase(database, hashSecret, { organizationId, caseId }, patient, SANDBOX);
    }
    for (const { id, baseUrl, token, webhookSecret } of options.pharmacies) {
      const webhookAuth = { kind: 'standard-webhooks', secret: webhookSecret } as const;
      const settings = { id, kind: 'rest', baseUrl, token, webhookAuth, completionLimitMs: null };
      await addPharmacy(database, settings, true);
    }
  } finally {
    await database.end();
  }
}
