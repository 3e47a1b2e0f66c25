import { randomUUID } from 'node:crypto';
import { Connection } from '@temporalio/client';
import { msToTs } from '@temporalio/common/lib/time.js';
import { expect, inject, it } from 'vitest';
import { temporalServer } from '../../../sandbox/temporal-server.ts';
import { findSearchAttributeGaps } from '../../../src/temporal/register-search-attributes.ts';
import { eventually } from '../../support/eventually.ts';

it('the sandbox adds the search attributes that a data folder of an earlier version lacks', async () => {
  const { address } = inject('temporal');
  const namespace = `earlier-${randomUUID()}`;
  const connection = await Connection.connect({ address });
  try {
    await connection.workflowService.registerNamespace({
      namespace,
      workflowExecutionRetentionPeriod: msToTs('1 day'),
    });
    const { ready } = temporalServer({
      ...{ binary: 'temporal', folder: '', uiPort: 0, codecUrl: '', env: {}, namespace },
      port: Number(address.split(':')[1]),
    });

    await eventually('it is ready', async () => {
      return (
        typeof ready === 'function' &&
        ready().then(
          () => true,
          () => false,
        )
      );
    });

    expect(await findSearchAttributeGaps(connection, namespace)).toEqual({
      missing: [],
      mistyped: [],
    });
  } finally {
    await connection.close();
  }
});
