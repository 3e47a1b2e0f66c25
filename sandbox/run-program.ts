import { ConfigError } from '../src/process/config.ts';
import { StackError } from './stack-error.ts';

/** What a shell reports for a program that Ctrl-C ended. */
const INTERRUPTED = 130;

/**
 * Runs a program for people to its end.
 *
 * @param stopping aborts when somebody stops the program; what fails after that is no news.
 * @param tell writes what went wrong, for people.
 * @returns the exit code: 0; 130 when it was stopped before it had done what it is for; 1 after it told
 *   what went wrong.
 */
export async function runProgram(
  run: () => Promise<void>,
  stopping: AbortSignal,
  tell: (message: string) => void,
): Promise<number> {
  try {
    await run();
    return 0;
  } catch (error) {
    if (stopping.aborted) return INTERRUPTED;
    tell(explain(error));
    return 1;
  }
}

function explain(error: unknown): string {
  if (error instanceof StackError || error instanceof ConfigError) return error.message;
  // Nobody foresaw it: then its trace is what helps.
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
