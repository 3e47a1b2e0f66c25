import { setTimeout as sleep } from 'node:timers/promises';
import { Connection, type ConnectionOptions } from '@temporalio/client';
import { msToTs } from '@temporalio/common/lib/time.js';
import type { SetupStep } from '../lib/setup-step.ts';
import { grpcStatus, temporalCode } from './call-with-timeout.ts';
import {
  addSearchAttributes,
  createCommand,
  findSearchAttributeGaps,
  isRefusal,
} from './register-search-attributes.ts';

const CALL_LIMIT_MS = 5_000;
const NOT_FOUND = 5;
/** Every host of a cluster reads the list of namespaces every ten seconds. */
const KNOWN_AFTER_MS = 30_000;

/** What {@link setUpNamespace} needs. */
export interface NamespaceSetup {
  readonly options: ConnectionOptions;
  readonly namespace: string;
  /** How long Temporal keeps the history of a workflow that has ended, in milliseconds. */
  readonly retentionMs: number;
  readonly dryRun: boolean;
}

/**
 * Creates the namespace and its search attributes, as far as Temporal lacks them. Safe to repeat. It stops at the first
 * step that fails, and the step names the right that is missing.
 */
export async function* setUpNamespace(setup: NamespaceSetup): AsyncGenerator<SetupStep> {
  const connection = Connection.lazy(setup.options);
  try {
    const namespace = await attempt('namespace', setup, () => createNamespace(connection, setup));
    yield namespace;
    // The attributes of a namespace that a dry run does not create are unknown.
    if (namespace.result === 'fail' || namespace.result === 'todo') return;
    yield await attempt('search attributes', setup, () => createAttributes(connection, setup));
  } finally {
    await connection.close();
  }
}

type Outcome = Omit<SetupStep, 'step'>;

async function attempt(
  step: string,
  { namespace }: NamespaceSetup,
  run: () => Promise<Outcome>,
): Promise<SetupStep> {
  try {
    return { step, ...(await run()) };
  } catch (error) {
    const code = temporalCode(error);
    const message = isRefusal(error)
      ? `${code}: the caller lacks the right to administer the namespace ${namespace}; docs/temporal-ui.md says how its administrator creates it`
      : code;
    return { step, result: 'fail', message };
  }
}

async function createNamespace(
  connection: Connection,
  { namespace, retentionMs, dryRun }: NamespaceSetup,
): Promise<Outcome> {
  const call = <T>(run: () => Promise<T>) =>
    connection.withDeadline(Date.now() + CALL_LIMIT_MS, run);
  try {
    await call(() => connection.workflowService.describeNamespace({ namespace }));
    return { result: 'ok', message: namespace };
  } catch (error) {
    if (grpcStatus(error) !== NOT_FOUND) throw error;
  }
  if (dryRun) return { result: 'todo', message: `create ${namespace}` };
  await call(() =>
    connection.workflowService.registerNamespace({
      namespace,
      workflowExecutionRetentionPeriod: msToTs(retentionMs),
    }),
  );
  return { result: 'done', message: `created ${namespace}` };
}

async function createAttributes(
  connection: Connection,
  { namespace, dryRun }: NamespaceSetup,
): Promise<Outcome> {
  const until = Date.now() + KNOWN_AFTER_MS;
  for (;;) {
    try {
      const { missing, mistyped } = await findSearchAttributeGaps(connection, namespace);
      if (mistyped.length > 0) {
        return { result: 'fail', message: `not of type Keyword: ${mistyped.join(', ')}` };
      }
      if (missing.length === 0) return { result: 'ok', message: 'all exist' };
      if (dryRun) return { result: 'todo', message: createCommand(namespace, missing) };
      await addSearchAttributes(connection, namespace, missing);
      return { result: 'done', message: `created ${missing.join(', ')}` };
    } catch (error) {
      if (grpcStatus(error) !== NOT_FOUND || Date.now() > until) throw error;
      await sleep(500);
    }
  }
}
