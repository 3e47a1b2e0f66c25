import { isLocalHost } from '../../lib/local-host.ts';

/** The names of this machine that people type into a browser. */
const LOCAL_NAMES = ['localhost', '127.0.0.1', '[::1]'];

/**
 * Creates the check of whether an `Origin` header is the Temporal UI's. A UI on this machine is at
 * `http://localhost:8233` as well as at `http://127.0.0.1:8233`, with the same scheme and port.
 *
 * @param uiOrigin the UI's configured origin, such as `https://temporal.example.com`.
 */
export function createOriginCheck(uiOrigin: string): (origin: string) => boolean {
  const ui = new URL(uiOrigin);
  const origins = new Set([ui.origin]);
  if (isLocalHost(ui.hostname)) {
    for (const hostname of LOCAL_NAMES) {
      origins.add(`${ui.protocol}//${hostname}${ui.port === '' ? '' : `:${ui.port}`}`);
    }
  }
  return (origin) => origins.has(origin);
}
