import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { recordAudit } from '../../audit/record-audit.ts';
import { renderPage } from '../../html/render-page.ts';
import { codeOf } from '../../lib/safe-error.ts';
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
import {
  isOwnForm,
  isSameOrigin,
  loginChecks,
  loginCookie,
  sessionCookie,
  sessionSecret,
} from './session-cookie.ts';

/** What the login page shows. */
interface LoginPage {
  /** The secret of a login link. */
  readonly key?: string;
  readonly problem?: string;
  /** The URL where a user who has logged out here also logs out of the provider. */
  readonly logoutUrl?: string | undefined;
}

/**
 * Adds `/login` and `/logout`. A login link opens a page with one button, because programs that preview links open them,
 * too. `/login/provider` begins a login through the OpenID Connect provider, and `/login/callback` ends it.
 */
export function addLogin(
  app: FastifyInstance,
  { database, singleSignOn, log }: ConsoleDependencies,
  failedLogins: FailedAttempts,
): void {
  const record = ({ ip }: FastifyRequest, { operator }: ConsoleUser, action: string) =>
    withTimeout(
      recordAudit(database, {
        ...{ actorKind: 'operator', actor: operator, source: ip },
        ...{ action, result: 'OK' },
      }),
    );

  const begin = async (request: FastifyRequest, reply: FastifyReply, user: ConsoleUser) => {
    const secret = await withTimeout(beginSession(database, user));
    await record(request, user, 'CONSOLE_LOGIN');
    return reply.header('set-cookie', sessionCookie(request, secret)).redirect('/', 303);
  };

  const sendLogin = (reply: FastifyReply, page: LoginPage) =>
    reply.type('text/html; charset=utf-8').send(
      renderPage(
        Layout({
          title: 'Log in',
          content: <Login {...page} hasProvider={singleSignOn !== undefined} />,
          frame: undefined,
        }),
      ),
    );

  app.get('/login', async (request, reply) => {
    const { key, out } = request.query as { key?: unknown; out?: unknown };
    const logoutUrl =
      out === undefined ? undefined : await singleSignOn?.logoutUrl().catch(() => undefined);
    return sendLogin(reply, {
      ...(typeof key === 'string' && { key }),
      logoutUrl: logoutUrl?.href,
    });
  });

  app.post('/login', async (request, reply) => {
    const key = request.body instanceof URLSearchParams ? (request.body.get('key') ?? '') : '';
    failedLogins.admit(request.ip, undefined);
    const user = isSameOrigin(request) ? await withTimeout(useLogin(database, key)) : undefined;
    if (user === undefined) {
      failedLogins.failed(request.ip);
      const problem = 'The link does not work, or no longer. A link works once, within 15 minutes.';
      return sendLogin(reply.code(401), { problem });
    }
    return await begin(request, reply, user);
  });

  if (singleSignOn !== undefined) {
    app.get('/login/provider', async (request, reply) => {
      try {
        const { url, checks } = await singleSignOn.begin();
        return await reply
          .header('set-cookie', loginCookie(request, checks))
          .redirect(url.href, 303);
      } catch (error) {
        log.warn('the login provider does not answer', { code: codeOf(error) });
        const problem = 'The login provider does not answer. Try again, or use a login link.';
        return sendLogin(reply.code(503), { problem });
      }
    });

    app.get('/login/callback', async (request, reply) => {
      failedLogins.admit(request.ip, undefined);
      const checks = loginChecks(request);
      void reply.header('set-cookie', loginCookie(request, undefined));
      try {
        if (checks === undefined) throw new Error('no login has begun');
        const user = await singleSignOn.finish(request.url, checks);
        if (user !== undefined) return await begin(request, reply, user);
        const problem = 'Your account has no role in the console. Ask its administrator for one.';
        return await sendLogin(reply.code(403), { problem });
      } catch (error) {
        failedLogins.failed(request.ip);
        log.warn('a login through the provider failed', { code: codeOf(error) });
        return sendLogin(reply.code(401), { problem: 'The login did not work. Try again.' });
      }
    });
  }

  app.post('/logout', async (request, reply) => {
    const secret = sessionSecret(request);
    const form = request.body instanceof URLSearchParams ? request.body : new URLSearchParams();
    if (secret !== undefined && isOwnForm(request, secret, form)) {
      const user = await withTimeout(readSession(database, secret, false));
      await withTimeout(endSession(database, secret));
      if (user !== undefined) await record(request, user, 'CONSOLE_LOGOUT');
    }
    return reply
      .header('set-cookie', sessionCookie(request, undefined))
      .redirect('/login?out', 303);
  });
}

function Login({ key, problem, logoutUrl, hasProvider }: LoginPage & { hasProvider: boolean }) {
  return (
    <div class="login">
      {problem !== undefined && (
        <p role="alert" class="alert">
          {problem}
        </p>
      )}
      {key !== undefined && (
        <form method="post" action="/login">
          <input type="hidden" name="key" value={key} />
          <button class="primary">Log in</button>
        </form>
      )}
      {key === undefined && hasProvider && (
        <p>
          <a class="button primary" href="/login/provider">
            Log in with single sign-on
          </a>
        </p>
      )}
      {key === undefined && !hasProvider && (
        <p>
          Run <code>rx console login</code> to get a link that logs you in.
        </p>
      )}
      {logoutUrl !== undefined && (
        <p>
          You are logged out here. <a href={logoutUrl}>Log out of the login provider, too.</a>
        </p>
      )}
    </div>
  );
}
