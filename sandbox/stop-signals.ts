import type { Environment } from '../src/process/config.ts';
import { parentOf } from './process-table.mjs';

/** Reports that this process should stop. */
export interface StopSignals {
  /** Aborts at the first signal. */
  readonly stopping: AbortSignal;
  /** Resolves at the first signal. */
  readonly stopped: Promise<void>;
  /** Sets what runs when the user signals again, because stopping takes too long. */
  onRepeat(run: () => void): void;
}

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** Under npm one Ctrl-C arrives twice: once from the terminal, once forwarded by npm. */
const ONE_KEYSTROKE_MS = 500;
const PARENT_CHECK_EVERY_MS = 1_000;

/** Watches for a reason to stop: a signal, a closed terminal, or the death of the npm above this process. */
export function watchStopSignals(env: Environment): StopSignals {
  const controller = new AbortController();
  let first = 0;
  let repeated: () => void = () => undefined;
  const end = () => {
    if (first === 0) {
      first = Date.now();
      controller.abort();
    } else if (Date.now() - first > ONE_KEYSTROKE_MS) {
      repeated();
    }
  };
  for (const signal of SIGNALS) process.on(signal, end);
  // Output to a closed terminal or pipe is lost. That must not crash the program before it has stopped.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);
  if (env.npm_lifecycle_event !== undefined) watchParent(end);
  return {
    stopping: controller.signal,
    stopped: new Promise((resolve) => {
      controller.signal.addEventListener('abort', () => resolve(), { once: true });
    }),
    onRepeat(run) {
      repeated = run;
    },
  };
}

// npm forwards signals, but nothing reports that npm itself was killed. npm is either the parent
// process or, when it started this process through a shell, the parent of that shell.
function watchParent(end: () => void): void {
  const parent = process.ppid;
  const grandparent = parentOf(parent);
  const timer = setInterval(() => {
    if (process.ppid === parent && parentOf(parent) === grandparent) return;
    clearInterval(timer);
    end();
  }, PARENT_CHECK_EVERY_MS);
  timer.unref();
}
