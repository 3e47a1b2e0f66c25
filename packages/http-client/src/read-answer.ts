import {
  type ErrorFacts,
  type HttpClientError,
  InvalidRequestError,
  NotFoundError,
  PermissionDeniedError,
  type Problem,
  UnauthorizedError,
  UnavailableError,
  UnexpectedAnswerError,
} from './http-client-errors.ts';
import type { Reply } from './send.ts';

/** Statuses that reject the request itself, so that a retry cannot succeed. */
const REFUSED = new Set([400, 413, 414, 415, 422, 431]);

/** Longest server text that goes into an error message. */
const LONGEST_TEXT = 300;

/**
 * Reads a value from the JSON body of an answer.
 *
 * @param read returns the value; undefined when the body lacks it.
 * @throws {HttpClientError} the answer is an error, or it does not come from this API.
 */
export function readBody<T>(
  reply: Reply,
  read: (body: Record<string, unknown>) => T | undefined,
): T {
  const { answer, facts } = reply;
  if (answer.status < 200 || answer.status > 299) throw errorOf(reply);
  const value = answer.format === 'json' && isRecord(answer.json) ? read(answer.json) : undefined;
  if (value !== undefined) return value;
  throw new UnexpectedAnswerError(answer.format === 'json' ? 'shape' : 'not-json', facts);
}

/** Reads a value from the `data` of an answer; see {@link readBody}. */
export function readData<T>(
  reply: Reply,
  read: (data: Record<string, unknown>) => T | undefined,
): T {
  return readBody(reply, ({ data }) => (isRecord(data) ? read(data) : undefined));
}

/** Maps an answer other than 2xx to an error. The caller handles 409, whose meaning depends on the call. */
export function errorOf({ answer, facts }: Reply): HttpClientError {
  const { status } = answer;
  // Browsers report a redirect that they did not follow as status 0.
  if (status === 0 || (status >= 300 && status < 400)) {
    return new UnexpectedAnswerError('redirect', facts);
  }
  if (status >= 500) return new UnavailableError(undefined, facts);
  if (answer.format !== 'json') return new UnexpectedAnswerError('not-json', facts);
  if (REFUSED.has(status)) return new InvalidRequestError(problemsIn(answer.json), facts);
  if (status === 401) return new UnauthorizedError(facts);
  if (status === 403) return new PermissionDeniedError(facts);
  if (status === 404) return new NotFoundError(facts);
  return new UnexpectedAnswerError('status', facts);
}

/** Whether an answer is a 409 with this code. */
export function isConflict({ answer }: Reply, code: string): boolean {
  return answer.status === 409 && isRecord(answer.json) && answer.json['code'] === code;
}

/** All problems when the server lists them; otherwise the single one in `error`. */
function problemsIn(body: unknown): Problem[] {
  if (!isRecord(body)) return [];
  const listed = Array.isArray(body['errors']) ? body['errors'].filter(isRecord) : [];
  const problems = listed.map(({ path, message }) => ({
    path: words(path),
    message: words(message),
  }));
  if (problems.length > 0) return problems;
  const message = words(body['error']);
  // `error` begins with the name of the field.
  return message === '' ? [] : [{ path: /^[\w.[\]-]+/.exec(message)?.[0] ?? '', message }];
}

function words(value: unknown): string {
  return typeof value === 'string' ? value.replace(/\p{Cc}+/gu, ' ').slice(0, LONGEST_TEXT) : '';
}

/** Makes the error for an argument that cannot be sent. */
export function invalidArgument(
  path: string,
  rule: string,
  facts: ErrorFacts = {},
): InvalidRequestError {
  return new InvalidRequestError([{ path, message: `${path} ${rule}` }], facts);
}

/** Whether a value is an object and not an array. */
export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
