import { setTimeout as sleep } from 'node:timers/promises';

/**
 * Looks until `look` gives something that is neither undefined nor false.
 *
 * @param limitMs then it throws, naming `what`.
 */
export async function eventually<T>(
  what: string,
  look: () => Promise<T | undefined | false>,
  limitMs = 20_000,
): Promise<T> {
  const end = Date.now() + limitMs;
  for (;;) {
    const seen = await look();
    if (seen !== undefined && seen !== false) return seen;
    if (Date.now() > end) throw new Error(`not within ${limitMs} ms: ${what}`);
    await sleep(50);
  }
}
