import { setTimeout as sleep } from 'node:timers/promises';
import { NativeConnection } from '@temporalio/worker';
import { expect, inject, it } from 'vitest';
import { watchTemporal } from '../../../src/temporal/watch-temporal.ts';
import { eventually } from '../../support/eventually.ts';
import { createKeptLog } from '../../support/logs.ts';
import { startTcpProxy } from '../../support/tcp-proxy.ts';

it('notices that Temporal no longer answers, says so, and notices that it answers again', async () => {
  const [host = '', port] = inject('temporal').address.split(':');
  const proxy = await startTcpProxy({ host, port: Number(port) });
  const connection = await NativeConnection.connect({ address: `127.0.0.1:${proxy.port}` });
  const log = createKeptLog();
  const start = Date.now();
  const watch = watchTemporal(connection, log);
  await eventually('Temporal answers', async () => watch.answeredAt() > start);

  proxy.freeze();
  await sleep(100);
  const last = watch.answeredAt();
  await eventually('the log says so', async () =>
    log.lines.some(({ message }) => message === 'Temporal does not answer'),
  );
  expect(watch.answeredAt()).toBe(last);

  await proxy.restore();
  await eventually('it answers again', async () => watch.answeredAt() > last);
  await watch.stop();
  await connection.close();
  await proxy.close();
});
