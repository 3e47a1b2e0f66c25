import { putCase } from '../src/cases/put-case.ts';
import type { KeyProvider } from '../src/keys/key-provider.ts';
import { keyedHash } from '../src/keys/keyed-hash.ts';
import { addPharmacy } from '../src/pharmacy/registry.ts';
import { openDatabase } from '../src/storage/database.ts';
import { SANDBOX_KEY_IDS } from '../src/storage/refuse-sandbox.ts';
import { inTransaction } from '../src/storage/transaction.ts';

/** A pharmacy that the simulator offers. */
export interface SandboxPharmacy {
  readonly id: string;
  readonly baseUrl: string;
  readonly token: string;
  readonly webhookSecret: string;
}

/** Who made them, for the audit log. */
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
 * Puts the sandbox's fixtures into its own database: the organizations, keys and cases that the
 * published examples use (contract, `api.md`, "The sandbox") and the simulator's pharmacies.
 * Repeating it changes nothing. Only the embedded stack calls it, never on a `DATABASE_URL` from
 * outside.
 */
export async function seedSandbox(options: {
  databaseUrl: string;
  hashSecret: string;
  keys: KeyProvider;
  pharmacies: readonly SandboxPharmacy[];
}): Promise<void> {
  const { hashSecret, keys } = options;
  const database = openDatabase(options.databaseUrl, 2, { keys });
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
    // Behind the organizations: they have keys that seal only once they are there.
    for (const { id: caseId, organizationId, patient } of CASES) {
      const there = await database`SELECT FROM cases WHERE id = ${caseId}`;
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
