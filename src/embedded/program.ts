import { ConfigError } from '../config.ts';
import { Stopped } from './lifetime.ts';
import { StackError } from './stack-error.ts';

/**
 * Runs a program for people to its end and ends the process: with 0, or with 1 and a message that says
 * what is wrong. A program that somebody stopped ended well.
 *
 * @param tell writes the message.
 */
export async function runProgram(
  run: () => Promise<void>,
  tell: (message: string) => void,
): Promise<void> {
  try {
    await run();
    process.exitCode = 0;
  } catch (error) {
    if (error instanceof Stopped) {
      process.exitCode = 0;
    } else {
      tell(explain(error));
      process.exitCode = 1;
    }
  }
  process.exit();
}

function explain(error: unknown): string {
  if (error instanceof StackError || error instanceof ConfigError) return error.message;
  // Nobody foresaw it: then its trace is what helps.
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
