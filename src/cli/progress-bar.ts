import type { TextTarget } from './context.ts';

/** Shows the progress of a long command on a terminal; shows nothing without a terminal. */
export interface ProgressBar {
  /** @param share the progress, 0 to 1; undefined when the total is unknown. */
  show(share: number | undefined, what: string): void;
  /** Erases the bar. */
  end(): void;
}

const WIDTH = 30;
const PAUSE_MS = 100;

/** Creates a bar, which is drawn at most ten times per second. */
export function createProgressBar(target: TextTarget): ProgressBar {
  let drawnAt = -Infinity;
  let drawn = false;
  return {
    show(share, what) {
      const now = performance.now();
      if (target.isTTY !== true || (now - drawnAt < PAUSE_MS && share !== 1)) return;
      drawnAt = now;
      drawn = true;
      target.write(`\r\x1b[K${share === undefined ? '' : `${bar(share)} `}${what}`);
    },
    end() {
      if (drawn) target.write('\r\x1b[K');
    },
  };
}

function bar(share: number): string {
  const full = Math.round(Math.min(1, share) * WIDTH);
  const percent = Math.floor(Math.min(1, share) * 100);
  return `[${'█'.repeat(full)}${'░'.repeat(WIDTH - full)}] ${String(percent).padStart(3)} %`;
}
