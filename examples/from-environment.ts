import { createOrderClient, type OrderClient } from '../src/client.ts';

/**
 * A client made from the environment. A backend makes one when it starts, shares it among all
 * requests and closes it when it stops.
 *
 * @throws an error that names the variable that is not set.
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

/** A variable that must be set. */
export function required(name: string): string {
  const value = process.env[name];
  if (!value) throw new Error(`${name} is not set; examples/README.md says where it comes from`);
  return value;
}
