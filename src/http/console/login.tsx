import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { recordAudit } from '../../audit/record-audit.ts';
import { renderPage } from '../../html/render-page.ts';
import {
  beginSession,
  type ConsoleUser,
  endSession,
  readSession,
  useLogin,
} from '../../operators/console-sessions.ts';
import { withTimeout } from '../../storage/database.ts';
import type { FailedAttempts } from '../edge/failed-attempts.ts';
import type { ConsoleDependencies } from './dependencies.ts';
import { Layout } from './layout.tsx';
import { isOwnForm, isSameOrigin, sessionCookie, sessionSecret } from './session-cookie.ts';

/** Adds `/login` and `/logout`. A login link opens a page with one button, because programs that preview links open them, too. */
export function addLogin(
  app: FastifyInstance,
  { database }: ConsoleDependencies,
  failedLogins: FailedAttempts,
): void {
  const record = ({ ip }: FastifyRequest, { operator }: ConsoleUser, action: string) =>
    withTimeout(
      recordAudit(database, {
        ...{ actorKind: 'operator', actor: operator, source: ip },
        ...{ action, result: 'OK' },
      }),
    );

  app.get('/login', async (request, reply) => {
    const { key } = request.query as { key?: unknown };
    return sendLogin(reply, typeof key === 'string' ? { key } : {});
  });

  app.post('/login', async (request, reply) => {
    const key = request.body instanceof URLSearchParams ? (request.body.get('key') ?? '') : '';
    failedLogins.admit(request.ip, undefined);
    const user = isSameOrigin(request) ? await withTimeout(useLogin(database, key)) : undefined;
    if (user === undefined) {
      failedLogins.failed(request.ip);
      return sendLogin(reply.code(401), { isRefused: true });
    }
    const secret = await withTimeout(beginSession(database, user));
    await record(request, user, 'CONSOLE_LOGIN');
    return reply.header('set-cookie', sessionCookie(request, secret)).redirect('/', 303);
  });

  app.post('/logout', async (request, reply) => {
    const secret = sessionSecret(request);
    const form = request.body instanceof URLSearchParams ? request.body : new URLSearchParams();
    if (secret !== undefined && isOwnForm(request, secret, form)) {
      const user = await withTimeout(readSession(database, secret, false));
      await withTimeout(endSession(database, secret));
      if (user !== undefined) await record(request, user, 'CONSOLE_LOGOUT');
    }
    return reply.header('set-cookie', sessionCookie(request, undefined)).redirect('/login', 303);
  });
}

function sendLogin(
  reply: FastifyReply,
  { key, isRefused = false }: { readonly key?: string; readonly isRefused?: boolean },
): FastifyReply {
  const content = (
    <div class="login">
      {isRefused && (
        <p role="alert" class="alert">
          The link does not work, or no longer. A link works once, within 15 minutes.
        </p>
      )}
      {key === undefined ? (
        <p>
          Run <code>rx console login</code> to get a link that logs you in.
        </p>
      ) : (
        <form method="post" action="/login">
          <input type="hidden" name="key" value={key} />
          <button class="primary">Log in</button>
        </form>
      )}
    </div>
  );
  return reply
    .type('text/html; charset=utf-8')
    .send(renderPage(Layout({ title: 'Log in', content, frame: undefined })));
}
