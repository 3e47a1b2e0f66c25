import type { TextOutput } from './stack-log.ts';

/** Shows the progress of a long build. */
export interface Progress {
  /** Counts a step. */
  step(kind: 'module' | 'package' | undefined): void;
  end(): void;
}

const TERMINAL_MS = 250;
const PLAIN_MS = 15_000;

/**
 * Starts to show the progress of a build: on a terminal one line that is updated, elsewhere a line every
 * 15 s.
 *
 * @param what the name of the program that is built.
 * @param why the first line: what is done, and why it is needed.
 */
export function startBuildProgress(target: TextOutput, what: string, why: string): Progress {
  const terminal = target.isTTY === true;
  const since = Date.now();
  const counts = { module: 0, package: 0 };
  target.write(`${why}\n`);
  const clock = () => {
    const seconds = Math.floor((Date.now() - since) / 1000);
    return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;
  };
  const show = () => {
    const { module, package: compiled } = counts;
    const line = `  building ${what}, ${clock()}: ${module} modules downloaded, ${compiled} packages compiled`;
    target.write(terminal ? `\r${line}` : `${line}\n`);
  };
  const timer = setInterval(show, terminal ? TERMINAL_MS : PLAIN_MS);
  return {
    step(kind) {
      if (kind !== undefined) counts[kind] += 1;
    },
    end() {
      clearInterval(timer);
      target.write(`${terminal ? '\n' : ''}  the build ended after ${clock()}\n`);
    },
  };
}
