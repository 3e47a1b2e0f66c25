import { setTimeout as sleep } from 'node:timers/promises';
import { checkUrl, type ForeignAccess, resolveDestination } from '../../egress/destination.ts';
import { InvalidEndpointError } from './endpoint-errors.ts';

/** Limit for resolving a name, in milliseconds. A caller waits for the answer. */
const LOOKUP_LIMIT_MS = 5_000;

/**
 * Checks that an endpoint may have a URL, and resolves its host, so that the caller learns of a mistake at
 * once. Each request checks both again.
 *
 * @throws {InvalidEndpointError} nothing may be sent to the URL; the message names the field and the rule.
 */
export async function checkDestination(
  text: string,
  { policy, lookup }: ForeignAccess,
): Promise<void> {
  const checked = checkUrl(text, policy);
  if ('refusal' in checked) throw refused(checked.refusal);
  const late = new AbortController();
  try {
    const found = await Promise.race([
      resolveDestination(checked.url, policy, lookup),
      sleep(LOOKUP_LIMIT_MS, undefined, { signal: late.signal }),
    ]);
    if (found === undefined) {
      throw refused({ code: 'dns', message: 'The host name could not be resolved in time.' });
    }
    if ('refusal' in found) throw refused(found.refusal);
  } finally {
    late.abort();
  }
}

function refused({ code, message }: { code: string; message: string }): InvalidEndpointError {
  return new InvalidEndpointError('url', `is refused (${code}): ${message}`);
}
