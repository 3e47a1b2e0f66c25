import type { ConnectionLike } from '@temporalio/client';
import proto from '@temporalio/proto';
import { type PeriodicTask, runPeriodically } from '../lib/run-periodically.ts';
import type { Log } from '../process/log.ts';
import { callWithTimeout, grpcStatus, temporalCode } from './call-with-timeout.ts';
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

/**
 * Registers the search attributes that a namespace lacks, now and periodically: a namespace may lose one while
 * orders run, and the workflow task of an order that upserts it fails until it exists. The warning of
 * {@link registerSearchAttributes} is repeated until an operator has created it. If the caller may not list
 * attributes, only the first round warns, because nobody knows whether any is missing.
 *
 * @param options.everyMs the pause between two checks, in milliseconds.
 * @throws {ServiceError} Temporal's own error, if it is unreachable at first or has no such namespace.
 */
export async function keepSearchAttributes(options: {
  readonly connection: ConnectionLike;
  readonly namespace: string;
  readonly everyMs: number;
  readonly log: Log;
}): Promise<PeriodicTask> {
  const { connection, namespace, everyMs, log } = options;
  await registerSearchAttributes(connection, namespace, log);
  let isFirst = true;
  return runPeriodically({
    everyMs,
    async round() {
      if (!isFirst && (await lacksSome())) {
        await registerSearchAttributes(connection, namespace, log);
      }
      isFirst = false;
      return false;
    },
    onError: (error) =>
      log.warn('checking the search attributes failed; the next round retries', {
        code: temporalCode(error),
      }),
  });

  async function lacksSome(): Promise<boolean> {
    try {
      const { missing } = await callWithTimeout(
        (deadline, run) => connection.withDeadline(deadline, run),
        () => findSearchAttributeGaps(connection, namespace),
      );
      return missing.length > 0;
    } catch (error) {
      if (isRefusal(error)) return false;
      throw error;
    }
  }
}
