import { once } from 'node:events';
import net from 'node:net';
import { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import Fastify from 'fastify';
import { expect, it } from 'vitest';
import { disconnectSlowReaders } from '../../../../src/http/edge/slow-readers.ts';
import { createKeptLog } from '../../../support/logs.ts';

it('a response that a few bytes now and then keep alive ends after its time', async () => {
  const log = createKeptLog();
  const app = Fastify();
  disconnectSlowReaders(app, log, { idleMs: 200, bytesPerSecond: 1_000_000 });
  const body = Readable.from(
    (async function* () {
      for (;;) {
        yield 'x';
        await sleep(20);
      }
    })(),
  );
  app.get('/slow', async (_request, reply) => reply.header('content-length', 100_000).send(body));
  app.get('/soon', async () => 'x'.repeat(1_000_000));
  const { port } = new URL(await app.listen({ host: '127.0.0.1', port: 0 }));
  const socket = net.connect(Number(port), '127.0.0.1').resume();
  socket.write('GET /slow HTTP/1.1\r\nHost: a\r\n\r\n');

  await once(socket, 'close');

  expect(log.lines).toMatchObject([
    { message: 'slow reader disconnected', fields: { route: '/slow' } },
  ]);
  await expect.poll(() => body.destroyed).toBe(true);
  const response = await fetch(`http://127.0.0.1:${port}/soon`);
  expect((await response.text()).length).toBe(1_000_000);
  await app.close();
  expect(log.lines).toHaveLength(1);
});
