import { randomBytes } from 'node:crypto';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import Provider from 'oidc-provider';

/** An OpenID Connect provider on loopback, for the login of the console. */
export interface LoginProvider {
  readonly issuer: string;
  /** The variables with which the console uses it. */
  readonly settings: Record<string, string>;
  /** The roles of accounts, by their names. Any password is right. */
  readonly roles: Map<string, readonly string[]>;
  /** Begins to answer, for the console at this URL. */
  serve(consoleUrl: string): void;
  close(): Promise<void>;
}

/**
 * Starts a provider. It answers nothing until `serve`, because it must know the URL of a console that must know the
 * provider's.
 */
export async function startLoginProvider(): Promise<LoginProvider> {
  const roles: LoginProvider['roles'] = new Map();
  const clientSecret = randomBytes(24).toString('base64url');
  const server = http.createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    issuer,
    settings: {
      CONSOLE_OIDC_ISSUER: issuer,
      CONSOLE_OIDC_CLIENT_ID: 'rx-orders-console',
      CONSOLE_OIDC_CLIENT_SECRET: clientSecret,
      CONSOLE_OIDC_SCOPE: 'openid email roles',
      CONSOLE_OIDC_ROLE_PREFIX: 'rx-',
    },
    roles,
    serve(consoleUrl) {
      const provider = new Provider(issuer, {
        clients: [
          {
            ...{ client_id: 'rx-orders-console', client_secret: clientSecret },
            redirect_uris: [`${consoleUrl}/login/callback`],
            post_logout_redirect_uris: [`${consoleUrl}/login`],
          },
        ],
        scopes: ['openid', 'email', 'roles'],
        claims: { openid: ['sub'], email: ['email'], roles: ['roles'] },
        cookies: { keys: [randomBytes(16).toString('hex')] },
        findAccount: (_context, id) => ({
          accountId: id,
          claims: () => ({ sub: id, email: `${id}@clinic.example`, roles: roles.get(id) ?? [] }),
        }),
      });
      const answer = provider.callback();
      server.on('request', (request, response) => void answer(request, response));
    },
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
