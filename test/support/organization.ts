import { randomBytes, randomUUID } from 'node:crypto';
import { putCase } from '../../src/cases/put-case.ts';
import { keyedHash } from '../../src/keys/keyed-hash.ts';
import type { Database } from '../../src/storage/database.ts';

/** The actor in the audit log when a test calls a function directly. */
export const TESTER = { actorKind: 'system', actor: 'test' } as const;

export const HASH_SECRET = 'hash-secret-of-the-tests';
export const ENCRYPTION_KEYS = `tests-1:${Buffer.alloc(32, 't').toString('base64')}`;

/** An organization with cases and an API key, as the tenant of a test. */
export interface TestOrganization {
  readonly organizationId: string;
  readonly apiKey: string;
  /** The id of a case whose patient has an address. */
  readonly caseId: string;
  /** The id of a case whose patient has no address. */
  readonly caseWithoutAddress: string;
}

export const PATIENT_ADDRESS = {
  addressLine1: '789 Patient Ave',
  city: 'Reno',
  state: 'NV',
  country: 'US',
  postalCode: '89501',
} as const;

export async function createOrganization(database: Database): Promise<TestOrganization> {
  const organizationId = randomUUID();
  const [caseId, caseWithoutAddress] = [randomUUID(), randomUUID()];
  const patient = { firstName: 'Jane', lastName: 'Sample', email: 'jane.sample@example.com' };
  await database`
    INSERT INTO organizations (id, name) VALUES (${organizationId}, 'Test Clinic')`;
  const put = (id: string, of: typeof patient & { address?: typeof PATIENT_ADDRESS }) =>
    putCase(database, HASH_SECRET, { organizationId, caseId: id }, of, TESTER);
  await put(caseId, { ...patient, address: PATIENT_ADDRESS });
  await put(caseWithoutAddress, patient);
  const apiKey = await createKey(database, organizationId);
  return { organizationId, apiKey, caseId, caseWithoutAddress };
}

/** Adds an API key; `expiresAt` and `revokedAt` are timestamps or null. */
export async function createKey(
  database: Database,
  organizationId: string,
  {
    scopes = ['orders:write', 'orders:read'],
    expiresAt = null,
    revokedAt = null,
  }: { scopes?: string[]; expiresAt?: Date | null; revokedAt?: Date | null } = {},
): Promise<string> {
  const key = `key-${randomBytes(12).toString('hex')}`;
  await database`
    INSERT INTO api_keys (id, organization_id, name, key_hash, scopes, expires_at, revoked_at)
    VALUES (${randomUUID()}, ${organizationId}, 'test', ${keyedHash(HASH_SECRET, 'api-key', key)},
      ${scopes}, ${expiresAt}, ${revokedAt})`;
  return key;
}
