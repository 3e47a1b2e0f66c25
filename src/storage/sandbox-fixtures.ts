import { keyedHash } from '../orders/keyed-hash.ts';
import { openDatabase, type Sql } from './database.ts';
import { inTransaction } from './transaction.ts';

/** A pharmacy that the simulator offers. */
export interface SandboxPharmacy {
  readonly id: string;
  readonly baseUrl: string;
  readonly token: string;
  readonly webhookSecret: string;
}

const DEMO = '0198a000-0000-7000-8000-000000000001';
const OTHER = '0198a000-0000-7000-8000-000000000002';

const ORGANIZATIONS = [
  { id: DEMO, name: 'Demo Telehealth' },
  { id: OTHER, name: 'Other Clinic' },
];

const ALL_SCOPES = ['orders:write', 'orders:read', 'cases:write', 'webhooks:manage'];

const KEYS = [
  { n: 1, organizationId: DEMO, key: 'YOUR_SECRET_KEY', scopes: ALL_SCOPES, revoked: false },
  { n: 2, organizationId: DEMO, key: 'READ_ONLY_KEY', scopes: ['orders:read'], revoked: false },
  { n: 3, organizationId: DEMO, key: 'REVOKED_KEY', scopes: ALL_SCOPES, revoked: true },
  { n: 4, organizationId: OTHER, key: 'OTHER_SECRET_KEY', scopes: ALL_SCOPES, revoked: false },
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
  pharmacies: readonly SandboxPharmacy[];
}): Promise<void> {
  const database = openDatabase(options.databaseUrl, 2);
  try {
    await inTransaction(database, async (sql) => {
      for (const { id, name } of ORGANIZATIONS) {
        await sql`
          INSERT INTO organizations (id, name) VALUES (${id}, ${name}) ON CONFLICT DO NOTHING`;
      }
      for (const { n, organizationId, key, scopes, revoked } of KEYS) {
        await sql`
          INSERT INTO api_keys (id, organization_id, name, key_hash, scopes, revoked_at)
          VALUES (${`0198a000-0000-7000-8000-00000000010${n}`}, ${organizationId}, ${`Sandbox ${n}`},
            ${keyedHash(options.hashSecret, 'api-key', key)}, ${scopes},
            ${revoked ? sql`now()` : null})
          ON CONFLICT (id) DO UPDATE SET key_hash = excluded.key_hash`;
      }
      for (const { id, organizationId, patient } of CASES) {
        await sql`
          INSERT INTO cases (id, organization_id, patient)
          VALUES (${id}, ${organizationId}, ${sql.json(patient)}) ON CONFLICT DO NOTHING`;
      }
      for (const pharmacy of options.pharmacies) await registerPharmacy(sql, pharmacy);
    });
  } finally {
    await database.end();
  }
}

async function registerPharmacy(
  sql: Sql,
  { id, baseUrl, token, webhookSecret }: SandboxPharmacy,
): Promise<void> {
  const webhookAuth = { kind: 'standard-webhooks', secret: webhookSecret };
  await sql`
    INSERT INTO pharmacies (id, kind, base_url, token, webhook_auth)
    VALUES (${id}, 'rest', ${baseUrl}, ${token}, ${sql.json(webhookAuth)})
    ON CONFLICT (id) DO UPDATE SET
      base_url = excluded.base_url, token = excluded.token,
      webhook_auth = excluded.webhook_auth, updated_at = now()`;
}
