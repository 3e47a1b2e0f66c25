import { keyedHash, sameHash } from '../../keys/keyed-hash.ts';

/** How long a login holds: a working day. */
export const SESSION_SECONDS = 8 * 60 * 60;

/** Sessions that stand in their cookie: nothing is kept, and a new token ends them all. */
export interface Sessions {
  create(): string;
  isValid(session: string): boolean;
}

/** @param secret signs them. */
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

const WORDS = {
  out: 'Log in to see the payloads of workflows in the Temporal UI.',
  wrong: 'That is not the token.',
  later: 'Too many wrong tokens came from your address. Wait, and try again.',
  in: 'You are logged in for eight hours. In the Temporal UI, under “Codec Server”, choose “Include cross-origin credentials”.',
};

/** The page of `/login`, which needs nothing beside itself. */
export function loginPage(state: keyof typeof WORDS): string {
  return `<!doctype html>
<html lang="en">
<title>Codec server</title>
<meta name="viewport" content="width=device-width">
<h1>Codec server</h1>
<p role="status">${WORDS[state]}</p>
<form method="post" action="/login">
<label>Token <input type="password" name="token" autocomplete="current-password" required></label>
<button>Log in</button>
</form>
</html>
`;
}
