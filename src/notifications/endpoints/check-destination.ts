import { checkUrl, type ForeignAccess, resolveDestination } from '../../egress/destination.ts';
import { InvalidEndpointError } from './endpoint-errors.ts';

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
  const found = await resolveDestination(checked.url, policy, lookup);
  if ('refusal' in found) throw refused(found.refusal);
}

function refused({ code, message }: { code: string; message: string }): InvalidEndpointError {
  return new InvalidEndpointError('url', `is refused (${code}): ${message}`);
}
