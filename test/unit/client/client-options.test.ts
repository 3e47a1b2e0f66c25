import { expect, it } from 'vitest';
import { createOrderClient } from '../../../src/client.ts';
import { ENCRYPTION_KEYS } from '../../support/organization.ts';

it.each(['', 'abc', 'a'.repeat(40)])('refuses the weak hash secret %j', (hashSecret) => {
  const create = () =>
    createOrderClient({
      organizationId: '0198a000-0000-7000-8000-000000000001',
      databaseUrl: 'postgres://127.0.0.1:1/nothing',
      hashSecret,
      encryptionKeys: ENCRYPTION_KEYS,
      temporal: { address: '127.0.0.1:1' },
    });
  expect(create).toThrow(TypeError);
  expect(create).toThrow(/^hashSecret: /);
});
