import { keyedHash, sameHash } from '../../keys/keyed-hash.ts';

/** How long a login lasts: a working day of eight hours. */
export const SESSION_SECONDS = 8 * 60 * 60;

/** Signed sessions that live in their cookie. The server stores none, and a new token ends them all. */
export interface Sessions {
  create(): string;
  isValid(session: string): boolean;
}

/**
 * @param secret signs the sessions.
 * @param now the current time in milliseconds since 1970.
 */
export function createSessions(secret: string, now: () => number): Sessions {
  const sign = (until: string) => keyedHash(secret, 'codec-session', `until ${until}`);
  return {
    create() {
      const until = String(now() + SESSION_SECONDS * 1_000);
      return `${until}.${sign(until).toString('base64url')}`;
    },
    isValid(session) {
      const [until = '', signature = ''] = session.split('.');
      return sameHash(Buffer.from(signature, 'base64url'), sign(until)) && Number(until) > now();
    },
  };
}

/** The status text of the login page, by state. */
const STATUS_TEXTS = {
  out: 'Log in to read workflow payloads in the Temporal UI.',
  wrong: 'Wrong token. Try again.',
  later: 'Too many wrong tokens came from your address. Wait, then try again.',
  in: 'You are logged in for eight hours. Reload the Temporal UI to read payloads there.',
  unneeded: 'The Temporal UI on this machine shows payloads without a login.',
};

/** The HTML of `/login`, which loads no other file. */
export function loginPage(state: keyof typeof STATUS_TEXTS): string {
  const form = `<form method="post" action="/login">
<label>Token <input type="password" name="token" autocomplete="current-password" required></label>
<button>Log in</button>
</form>
`;
  return `<!doctype html>
<html lang="en">
<title>Codec server</title>
<meta name="viewport" content="width=device-width">
<h1>Codec server</h1>
<p role="status">${STATUS_TEXTS[state]}</p>
${state === 'unneeded' ? '' : form}</html>
`;
}
