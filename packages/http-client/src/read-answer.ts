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

/** Refusals of the request as it stands: sending it again is no use. */
const REFUSED = new Set([400, 413, 414, 415, 422, 431]);

/** A server's words go into an error's message, so they may only be words. */
const LONGEST_TEXT = 300;

/**
 * What an answer holds.
 *
 * @param read takes it out of the whole body; undefined when it is not there.
 * @throws {HttpClientError} the answer is an error, or not of this API.
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

/** As {@link readBody}, of the envelope's `data`. */
export function readData<T>(
  reply: Reply,
  read: (data: Record<string, unknown>) => T | undefined,
): T {
  return readBody(reply, ({ data }) => (isRecord(data) ? read(data) : undefined));
}

/** The error that an answer which is no 2xx stands for; 409 is the caller's to tell. */
export function errorOf({ answer, facts }: Reply): HttpClientError {
  const { status } = answer;
  // Status 0: a browser tells no more of a redirect that it did not follow.
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

/** Whether an answer is the 409 with this code. */
export function isConflict({ answer }: Reply, code: string): boolean {
  return answer.status === 409 && isRecord(answer.json) && answer.json['code'] === code;
}

/** All problems, where the server lists them, as the original does not; else the one it tells. */
function problemsIn(body: unknown): Problem[] {
  if (!isRecord(body)) return [];
  const listed = Array.isArray(body['errors']) ? body['errors'].filter(isRecord) : [];
  const problems = listed.map(({ path, message }) => ({
    path: words(path),
    message: words(message),
  }));
  if (problems.length > 0) return problems;
  const message = words(body['error']);
  // The contract's error begins with the leaf field's name.
  return message === '' ? [] : [{ path: /^[\w.[\]-]+/.exec(message)?.[0] ?? '', message }];
}

function words(value: unknown): string {
  return typeof value === 'string' ? value.replace(/\p{Cc}+/gu, ' ').slice(0, LONGEST_TEXT) : '';
}

/** The error for an argument that cannot be sent. */
export function invalidArgument(
  path: string,
  rule: string,
  facts: ErrorFacts = {},
): InvalidRequestError {
  return new InvalidRequestError([{ path, message: `${path} ${rule}` }], facts);
}

/** Whether a value is an object that is no array. */
export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
