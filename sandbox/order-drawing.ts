import colors from 'picocolors';
import type { TextOutput } from './stack-log.ts';

/** An order's way, on a screen or on paper. */
export interface OrderDrawing {
  /** Shows where the order is now. */
  reached(status: string): void;
  /** Draws the last picture. */
  end(): void;
}

const WAY = [
  { status: 'ACCEPTED', meaning: 'stored with its outbox row, answered with 200' },
  { status: 'PLACING', meaning: 'the workflow sends it to the pharmacy' },
  { status: 'AWAITING_COMPLETION', meaning: 'the pharmacy works on it' },
  { status: 'FETCHING_DOCUMENTS', meaning: 'its documents are downloaded and checked' },
  { status: 'COMPLETED', meaning: 'the documents are stored' },
];

const FRAMES = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'];
const FRAME_MS = 80;

/** Starts to draw: on a terminal one picture that changes, elsewhere a line for each status seen. */
export function drawOrder(target: TextOutput): OrderDrawing {
  const since = performance.now();
  const seen = new Map<string, string>();
  const elapsed = () => `${((performance.now() - since) / 1000).toFixed(2)} s`;
  if (target.isTTY !== true) {
    return {
      reached(status) {
        if (seen.has(status)) return;
        seen.set(status, elapsed());
        target.write(`${row(status, elapsed())}\n`);
      },
      end: () => undefined,
    };
  }

  let drawn = false;
  let frame = 0;
  const draw = () => {
    const last = [...seen.keys()].at(-1) ?? '';
    const now = WAY.findIndex(({ status }) => status === last);
    const lines = WAY.map(({ status }, index) => {
      if (index > now) return colors.dim(`· ${status}`);
      const done = index < now || status === 'COMPLETED';
      const mark = done ? colors.green('✓') : colors.cyan(FRAMES[frame % FRAMES.length] ?? '');
      // A status may come and go between two looks; then it has no time.
      return `${mark} ${row(status, seen.get(status) ?? '')}`;
    });
    // An end off the way is a line of its own.
    if (now === -1 && last !== '') {
      lines.push(`${colors.red('✗')} ${row(last, seen.get(last) ?? '')}`);
    }
    const up = drawn ? `\u001b[${WAY.length}A` : '';
    target.write(`${up}${lines.map((line) => `\u001b[2K  ${line}\n`).join('')}`);
    drawn = true;
    frame += 1;
  };
  const timer = setInterval(draw, FRAME_MS);
  return {
    reached(status) {
      if (!seen.has(status)) seen.set(status, elapsed());
    },
    end() {
      clearInterval(timer);
      draw();
    },
  };
}

/** @param time when it got there, counted from the request. */
function row(status: string, time: string): string {
  const meaning = WAY.find((step) => step.status === status)?.meaning ?? '';
  return `${status.padEnd(20)} ${time.padStart(8)}  ${colors.dim(meaning)}`;
}
