import { invalidArgument } from './read-answer.ts';

/** The path of the API below the base URL. */
const ROOT = '/api/v1';

/** The path of a case, followed by `below`. Each id becomes one segment, whatever it contains. */
export function casePath(caseId: string, ...below: readonly string[]): string {
  return [`${ROOT}/cases/${segment('caseId', caseId)}`, ...below].join('/');
}

/** The path of an order, followed by `below`. */
export function orderPath(caseId: string, orderId: string, ...below: readonly string[]): string {
  return casePath(caseId, 'orders', segment('orderId', orderId), ...below);
}

/** `/api/v1/<name>` with the parameters that are set. */
export function rootPath(name: string, query: Query = {}): string {
  return withQuery(`${ROOT}/${name}`, query);
}

/** Query parameters. Undefined ones are left out. */
export type Query = Readonly<Record<string, string | number | boolean | Date | undefined>>;

/** Appends query parameters to a path. */
export function withQuery(path: string, query: Query): string {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value === undefined) continue;
    parameters.set(name, value instanceof Date ? value.toISOString() : String(value));
  }
  return parameters.size === 0 ? path : `${path}?${parameters.toString()}`;
}

/**
 * Encodes an id as one segment of a path.
 *
 * @throws {InvalidRequestError} the id is empty, `.` or `..`, which would address another path because
 *   URLs are normalized before they are sent, or it is not well-formed Unicode.
 */
export function segment(name: string, id: string): string {
  if (typeof id !== 'string' || id === '' || id === '.' || id === '..') {
    throw invalidArgument(name, 'must be an id');
  }
  try {
    return encodeURIComponent(id);
  } catch {
    throw invalidArgument(name, 'must be well-formed Unicode text');
  }
}

const ORDER_PATH = /\/cases\/([^/?#]+)\/orders\/([^/?#]+)$/;

/** Reads the ids from a `Location` header; undefined when it names no order. */
export function idsInLocation(
  location: string | null,
): { orderId: string; caseId: string } | undefined {
  const [, caseId, orderId] = ORDER_PATH.exec(location ?? '') ?? [];
  if (caseId === undefined || orderId === undefined) return undefined;
  try {
    return { orderId: decodeURIComponent(orderId), caseId: decodeURIComponent(caseId) };
  } catch {
    return undefined;
  }
}
