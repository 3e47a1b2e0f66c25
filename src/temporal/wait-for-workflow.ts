import { setTimeout as sleep } from 'node:timers/promises';
import type { Connection, WorkflowHandle } from '@temporalio/client';

/** How long the server holds a question at the most, in milliseconds, with a margin. */
const SERVER_POLL_MS = 30_000;
/** How often the caller looks for itself while Temporal cannot be waited on, in milliseconds. */
const LOOK_MS = 500;

/**
 * Waits until a workflow ends, or about `ms`; then what it is about is worth another look.
 *
 * @param closing ends the wait.
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
    // The time is ours to end: near a deadline the server answers each question at once, with
    // nothing, and the SDK asks again.
    await connection.withAbortSignal(wait.signal, () =>
      connection.withDeadline(start + ms + SERVER_POLL_MS, () => workflow.result()),
    );
  } catch {
    // Not started yet, Temporal away, or time is up.
    await sleep(Math.max(0, Math.min(LOOK_MS, start + ms - Date.now())));
  } finally {
    clearTimeout(timer);
    closing.removeEventListener('abort', end);
  }
}
