import { setTimeout as sleep } from 'node:timers/promises';
import type { Connection, WorkflowHandle } from '@temporalio/client';

/** How long the server holds a long poll at most, with a margin, in milliseconds. */
const SERVER_POLL_MS = 30_000;
/** How long to wait, in milliseconds, if Temporal cannot be waited on; then the caller polls. */
const FALLBACK_POLL_MS = 500;

/**
 * Waits until a workflow ends, but no longer than about `ms` milliseconds. Then the caller checks the
 * order again: the result of the workflow itself is not used.
 *
 * @param closing aborts the wait.
 */
export async function waitForWorkflow(
  connection: Connection,
  workflow: WorkflowHandle,
  ms: number,
  closing: AbortSignal,
): Promise<void> {
  const wait = new AbortController();
  const end = () => wait.abort();
  const timer = setTimeout(end, ms);
  closing.addEventListener('abort', end);
  const start = Date.now();
  try {
    // A timer of ours ends the wait, not the deadline: close to a deadline the server answers each long
    // poll at once with nothing, and the SDK polls again in a tight loop.
    await connection.withAbortSignal(wait.signal, () =>
      connection.withDeadline(start + ms + SERVER_POLL_MS, () => workflow.result()),
    );
  } catch {
    // The workflow has not started yet, Temporal is unreachable, or the time is up.
    await sleep(Math.max(0, Math.min(FALLBACK_POLL_MS, start + ms - Date.now())));
  } finally {
    clearTimeout(timer);
    closing.removeEventListener('abort', end);
  }
}
