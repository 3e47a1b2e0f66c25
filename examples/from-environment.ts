import { createOrderClient, type OrderClient } from '../src/client.ts';

/**
 * Creates a client from the environment. A backend creates one client at its start, uses it for all
 * requests, and closes it at its end.
 *
 * @throws {Error} a variable is not set. The message names it.
 */
export function orderClientFromEnvironment(): OrderClient {
  const { TEMPORAL_NAMESPACE: namespace, TEMPORAL_UI_URL: uiUrl } = process.env;
  return createOrderClient({
    organizationId: required('ORGANIZATION_ID'),
    databaseUrl: required('DATABASE_URL'),
    hashSecret: required('HASH_SECRET'),
    encryptionKeys: required('ENCRYPTION_KEYS'),
    temporal: {
      address: required('TEMPORAL_ADDRESS'),
      ...(namespace ? { namespace } : {}),
      ...(uiUrl ? { uiUrl } : {}),
    },
  });
}

/** Reads a variable that must be set. */
export function required(name: string): string {
  const value = process.env[name];
  if (!value)
    throw new Error(`${name} is not set; examples/README.md explains where it comes from`);
  return value;
}
