import { ConfigError } from '../src/process/config.ts';
import { StackError } from './stack-error.ts';

/** The exit code that shells report for a program that Ctrl-C ended. */
const INTERRUPTED = 130;

/**
 * Runs an interactive program and maps its outcome to an exit code.
 *
 * @param stopping aborts when the user stops the program; failures after that are not reported.
 * @param report writes an error message for people.
 * @returns 0 when `run` resolved; 130 when the user stopped the program before that; 1 after an error
 *   was reported.
 */
export async function runProgram(
  run: () => Promise<void>,
  stopping: AbortSignal,
  report: (message: string) => void,
): Promise<number> {
  try {
    await run();
    return 0;
  } catch (error) {
    if (stopping.aborted) return INTERRUPTED;
    report(explain(error));
    return 1;
  }
}

function explain(error: unknown): string {
  if (error instanceof StackError || error instanceof ConfigError) return error.message;
  // An unexpected error: the stack trace helps to find its cause.
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
