import type { ConnectionLike } from '@temporalio/client';
import proto from '@temporalio/proto';
import type { Log } from '../process/log.ts';
import { grpcStatus, temporalCode } from './call-with-timeout.ts';
import { SEARCH_ATTRIBUTE_NAMES } from './search-attributes.ts';

const KEYWORD = proto.temporal.api.enums.v1.IndexedValueType.INDEXED_VALUE_TYPE_KEYWORD;

/**
 * The gRPC statuses with which a server refuses the call for good: INVALID_ARGUMENT (also when the namespace
 * has no room for another attribute), PERMISSION_DENIED, FAILED_PRECONDITION, UNIMPLEMENTED.
 */
const REFUSALS: readonly (number | undefined)[] = [3, 7, 9, 12];

/** Whether Temporal refused a call, rather than being unreachable or having no such namespace. */
export function isRefusal(error: unknown): boolean {
  return REFUSALS.includes(grpcStatus(error));
}

/** The search attributes that a namespace lacks, or that have another type than Keyword there. */
export interface SearchAttributeGaps {
  readonly missing: readonly string[];
  readonly mistyped: readonly string[];
}

/**
 * Compares the search attributes of a namespace with those of orders.
 *
 * @throws {ServiceError} Temporal's own error, for example if the caller may not list them.
 */
export async function findSearchAttributeGaps(
  { operatorService }: ConnectionLike,
  namespace: string,
): Promise<SearchAttributeGaps> {
  const { customAttributes } = await operatorService.listSearchAttributes({ namespace });
  const typeOf = (name: string) => customAttributes?.[name];
  return {
    missing: SEARCH_ATTRIBUTE_NAMES.filter((name) => typeOf(name) === undefined),
    mistyped: SEARCH_ATTRIBUTE_NAMES.filter((name) => ![undefined, KEYWORD].includes(typeOf(name))),
  };
}

/**
 * Returns the command that creates search attributes in a namespace of a self-hosted cluster. Each name needs a
 * `--type` of its own: the CLI ignores names without one.
 */
export function createCommand(namespace: string, names: readonly string[]): string {
  const attributes = names.map((name) => ` --name ${name} --type Keyword`).join('');
  return `temporal operator search-attribute create --namespace ${namespace}${attributes}`;
}

/**
 * Registers search attributes of type Keyword in a namespace. Temporal ignores those that it has.
 *
 * @throws {ServiceError} Temporal's own error, for example if the caller lacks the permission.
 */
export async function addSearchAttributes(
  { operatorService }: ConnectionLike,
  namespace: string,
  names: readonly string[],
): Promise<void> {
  await operatorService.addSearchAttributes({
    namespace,
    searchAttributes: Object.fromEntries(names.map((name) => [name, KEYWORD])),
  });
}

/**
 * Registers the search attributes that a namespace lacks. If Temporal refuses, as Temporal Cloud does, it logs a
 * warning with their names and the command, and resolves: an operator creates them
 * (docs/temporal-ui.md, "Search attributes"). Until then, Temporal refuses to start orders.
 *
 * @throws {ServiceError} Temporal's own error, if it is unreachable or has no such namespace.
 */
export async function registerSearchAttributes(
  connection: ConnectionLike,
  namespace: string,
  log: Log,
): Promise<void> {
  let missing = SEARCH_ATTRIBUTE_NAMES;
  try {
    const gaps = await findSearchAttributeGaps(connection, namespace);
    if (gaps.mistyped.length > 0) {
      log.warn(`search attributes are not of type Keyword: ${gaps.mistyped.join(', ')}`);
    }
    missing = gaps.missing;
    if (missing.length === 0) return;
    await addSearchAttributes(connection, namespace, missing);
  } catch (error) {
    if (!isRefusal(error)) throw error;
    const names = missing.join(', ');
    log.warn(
      `search attributes cannot be registered: ${names}; unless they exist, create them: ${createCommand(namespace, missing)}`,
      { code: temporalCode(error) },
    );
  }
}
