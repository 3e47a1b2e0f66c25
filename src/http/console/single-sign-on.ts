import {
  allowInsecureRequests,
  authorizationCodeGrant,
  buildAuthorizationUrl,
  buildEndSessionUrl,
  type Configuration,
  calculatePKCECodeChallenge,
  discovery,
  enableNonRepudiationChecks,
  fetchUserInfo,
  randomNonce,
  randomPKCECodeVerifier,
  randomState,
} from 'openid-client';
import {
  CONSOLE_ROLES,
  type ConsoleRole,
  type ConsoleUser,
} from '../../operators/console-sessions.ts';
import type { OidcSettings } from '../../process/console-config.ts';

/** What a browser keeps from the beginning of a login to its end, so that nobody else can end it. */
export interface LoginChecks {
  readonly state: string;
  readonly nonce: string;
  readonly verifier: string;
}

/** The login through an OpenID Connect provider: the authorization code flow with PKCE (OpenID Connect Core 1.0, 3.1; RFC 7636). */
export interface SingleSignOn {
  /** Begins a login. @returns where to send the browser. */
  begin(): Promise<{ readonly url: URL; readonly checks: LoginChecks }>;
  /**
   * Ends a login.
   *
   * @param path the path and query to which the provider sent the browser.
   * @returns the user; undefined if the account has no role here.
   * @throws the provider refused the login, or somebody else began it.
   */
  finish(path: string, checks: LoginChecks): Promise<ConsoleUser | undefined>;
  /** Returns where a user also logs out of the provider; undefined if it has no such page. */
  logoutUrl(): Promise<URL | undefined>;
}

/** The time limit of a request to the provider, in seconds. */
const TIMEOUT_S = 10;
const MOST_CHARACTERS_OF_NAME = 100;

/**
 * Creates the login. It reads the provider's metadata at the first use, so that the console starts without the provider.
 *
 * @param consoleUrl the URL under which browsers reach the console.
 */
export function createSingleSignOn(settings: OidcSettings, consoleUrl: string): SingleSignOn {
  const redirectUri = `${consoleUrl}/login/callback`;
  let found: Promise<Configuration> | undefined;
  const provider = () => {
    found ??= discover(settings).catch((error: unknown) => {
      found = undefined;
      throw error;
    });
    return found;
  };
  return {
    async begin() {
      const checks = {
        state: randomState(),
        nonce: randomNonce(),
        verifier: randomPKCECodeVerifier(),
      };
      const url = buildAuthorizationUrl(await provider(), {
        ...{ redirect_uri: redirectUri, scope: settings.scope, state: checks.state },
        ...{ nonce: checks.nonce, code_challenge_method: 'S256' },
        code_challenge: await calculatePKCECodeChallenge(checks.verifier),
      });
      return { url, checks };
    },
    async finish(path, { state, nonce, verifier }) {
      // Behind a proxy the request itself does not know the URL that the provider was given.
      const answer = new URL(path, consoleUrl);
      const tokens = await authorizationCodeGrant(await provider(), answer, {
        ...{ expectedState: state, expectedNonce: nonce, pkceCodeVerifier: verifier },
        idTokenExpected: true,
      });
      const claims = tokens.claims();
      if (claims === undefined) return undefined;
      // Many providers put roles into the ID token; others only answer them (OpenID Connect Core 1.0, 5.3).
      if (claimOf(claims, settings.rolesClaim) !== undefined) return userOf(claims, settings);
      const answered = await fetchUserInfo(await provider(), tokens.access_token, claims.sub);
      return userOf({ ...answered, ...claims }, settings);
    },
    async logoutUrl() {
      const configuration = await provider();
      if (configuration.serverMetadata().end_session_endpoint === undefined) return undefined;
      return buildEndSessionUrl(configuration, { post_logout_redirect_uri: `${consoleUrl}/login` });
    },
  };
}

async function discover({ issuer, clientId, clientSecret }: OidcSettings): Promise<Configuration> {
  // The configuration allows HTTP on loopback only.
  const execute = [
    enableNonRepudiationChecks,
    ...(new URL(issuer).protocol === 'http:' ? [allowInsecureRequests] : []),
  ];
  return await discovery(new URL(issuer), clientId, clientSecret, undefined, {
    ...{ execute, timeout: TIMEOUT_S },
  });
}

/** Returns the user that an ID token names, with the highest of the account's roles. */
export function userOf(
  claims: Readonly<Record<string, unknown>>,
  {
    nameClaim,
    rolesClaim,
    rolePrefix,
  }: Pick<OidcSettings, 'nameClaim' | 'rolesClaim' | 'rolePrefix'>,
): ConsoleUser | undefined {
  const name = claimOf(claims, nameClaim) ?? claims['sub'];
  const given = claimOf(claims, rolesClaim);
  const values: readonly unknown[] = Array.isArray(given) ? given : [given];
  const role = CONSOLE_ROLES.findLast((each) => values.includes(`${rolePrefix}${each}`));
  if (role === undefined || typeof name !== 'string' || name === '') return undefined;
  return { operator: name.slice(0, MOST_CHARACTERS_OF_NAME), role: role satisfies ConsoleRole };
}

/** Returns a claim by its name, or by a path such as `realm_access.roles`. */
function claimOf(claims: Readonly<Record<string, unknown>>, name: string): unknown {
  if (Object.hasOwn(claims, name)) return claims[name];
  let value: unknown = claims;
  for (const part of name.split('.')) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, part))
      return undefined;
    value = (value as Record<string, unknown>)[part];
  }
  return value;
}
