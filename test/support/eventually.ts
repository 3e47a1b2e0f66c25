import { setTimeout as sleep } from 'node:timers/promises';

/**
 * Polls until `check` returns a value that is neither undefined nor false.
 *
 * @param limitMs after this time it throws an error that names `what`.
 */
export async function eventually<T>(
  what: string,
  check: () => Promise<T | undefined | false>,
  limitMs = 20_000,
): Promise<T> {
  const end = Date.now() + limitMs;
  for (;;) {
    const seen = await check();
    if (seen !== undefined && seen !== false) return seen;
    if (Date.now() > end) throw new Error(`not within ${limitMs} ms: ${what}`);
    await sleep(50);
  }
}
