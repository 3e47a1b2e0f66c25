import { setTimeout as sleep } from 'node:timers/promises';
import type { FastifyInstance } from 'fastify';
import { readSession } from '../../operators/console-sessions.ts';
import { withTimeout } from '../../storage/database.ts';
import type { ConsoleDependencies } from './dependencies.ts';
import { sessionSecret } from './session-cookie.ts';

/** How often a page asks for the mark, in milliseconds. */
const ASK_EVERY_MS = 2_000;
/** A proxy closes a connection that moves no byte for a minute. */
const REPEAT_EVERY_MS = 20_000;

/**
 * Adds `/live`, which tells open pages that orders have changed (server-sent events, HTML Living Standard 9.2). It sends
 * no data: a page then loads itself again. A stream ends with its session.
 */
export function addLiveChanges(
  app: FastifyInstance,
  { database, readMark }: ConsoleDependencies,
): void {
  const stopping = new AbortController();
  app.addHook('preClose', async () => stopping.abort());

  app.get('/live', async (request, reply) => {
    const secret = sessionSecret(request);
    const isOpen = async () =>
      secret !== undefined && (await withTimeout(readSession(database, secret, false)));
    if (!(await isOpen())) return reply.code(401).send();
    const ended = new AbortController();
    request.raw.on('close', () => ended.abort());
    const signal = AbortSignal.any([ended.signal, stopping.signal]);
    reply.hijack();
    reply.raw.setHeader('content-type', 'text/event-stream');
    reply.raw.write('retry: 2000\n\n');
    let sent: string | undefined;
    let sentAt = Date.now();
    while (!signal.aborted) {
      try {
        const mark = await readMark();
        if (mark !== sent || Date.now() - sentAt > REPEAT_EVERY_MS) {
          if (!(await isOpen())) break;
          reply.raw.write(mark === sent ? ':\n\n' : `data: ${mark}\n\n`);
          sent = mark;
          sentAt = Date.now();
        }
      } catch {
        // While Postgres is away, pages stay as they are.
      }
      await sleep(ASK_EVERY_MS, undefined, { signal }).catch(() => undefined);
    }
    reply.raw.end();
    return reply;
  });
}
