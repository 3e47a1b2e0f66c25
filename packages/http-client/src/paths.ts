import { invalidArgument } from './read-answer.ts';

/** Where the API begins. */
const ROOT = '/api/v1';

/** `/api/v1/cases/:caseId` and what is below it; each id is one segment, whatever is in it. */
export function casePath(caseId: string, ...below: readonly string[]): string {
  return [`${ROOT}/cases/${segment('caseId', caseId)}`, ...below].join('/');
}

/** The path of an order, and what is below it. */
export function orderPath(caseId: string, orderId: string, ...below: readonly string[]): string {
  return casePath(caseId, 'orders', segment('orderId', orderId), ...below);
}

/** `/api/v1/<name>` with those parameters that are set. */
export function rootPath(name: string, query: Query = {}): string {
  return withQuery(`${ROOT}/${name}`, query);
}

/** Parameters of a URL; undefined ones are left out. */
export type Query = Readonly<Record<string, string | number | boolean | Date | undefined>>;

/** Adds a query to a path. */
export function withQuery(path: string, query: Query): string {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value === undefined) continue;
    parameters.set(name, value instanceof Date ? value.toISOString() : String(value));
  }
  return parameters.size === 0 ? path : `${path}?${parameters.toString()}`;
}

/**
 * An id as a segment of a path.
 *
 * @throws {InvalidRequestError} it would be another path: `..` is taken out of a URL before it is sent.
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

/** Reads the ids out of a `Location` header. */
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
