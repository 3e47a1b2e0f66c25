import type { Environment } from '../src/process/config.ts';
import { parentOf } from './process-table.mjs';

/** Hears that this process is to end. */
export interface StopSignals {
  /** Aborts at the first signal. */
  readonly stopping: AbortSignal;
  /** Resolves at the first signal. */
  readonly stopped: Promise<void>;
  /** Runs when somebody asks again, because stopping takes too long for them. */
  onRepeat(run: () => void): void;
}

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** Under npm one Ctrl-C arrives twice: from the terminal, and passed on by npm. */
const ONE_KEYSTROKE_MS = 500;
const LOOK_EVERY_MS = 1_000;

/** Listens for the end of this program: signals, a closed terminal, npm killed above it. */
export function watchStopSignals(env: Environment): StopSignals {
  const controller = new AbortController();
  let first = 0;
  let impatient: () => void = () => undefined;
  const end = () => {
    if (first === 0) {
      first = Date.now();
      controller.abort();
    } else if (Date.now() - first > ONE_KEYSTROKE_MS) {
      impatient();
    }
  };
  for (const signal of SIGNALS) process.on(signal, end);
  // What is written to a terminal or a pipe that is gone is lost, and no reason to crash.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);
  if (env.npm_lifecycle_event !== undefined) watchParent(end);
  return {
    stopping: controller.signal,
    stopped: new Promise((resolve) => {
      controller.signal.addEventListener('abort', () => resolve(), { once: true });
    }),
    onRepeat(run) {
      impatient = run;
    },
  };
}

// npm passes signals on, but nobody passes on that npm itself was killed. It may be our parent, or
// stand above the shell that it ran us by, which goes on waiting for us.
function watchParent(end: () => void): void {
  const parent = process.ppid;
  const above = parentOf(parent);
  const timer = setInterval(() => {
    if (process.ppid === parent && parentOf(parent) === above) return;
    clearInterval(timer);
    end();
  }, LOOK_EVERY_MS);
  timer.unref();
}
