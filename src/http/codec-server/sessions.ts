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
