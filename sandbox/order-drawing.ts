import colors from 'picocolors';
import type { TextOutput } from './stack-log.ts';

/** Draws the progress of one order. */
export interface OrderDrawing {
  /** Shows that the order has a status. */
  reached(status: string): void;
  /** Draws the final state and stops drawing. */
  end(): void;
}

const STEPS = [
  { status: 'ACCEPTED', meaning: 'stored with its outbox row, answered with 200' },
  { status: 'PLACING', meaning: 'the workflow sends it to the pharmacy' },
  { status: 'AWAITING_COMPLETION', meaning: 'the pharmacy works on it' },
  { status: 'FETCHING_DOCUMENTS', meaning: 'the worker downloads and checks the documents' },
  { status: 'COMPLETED', meaning: 'the documents are stored' },
];

const FRAMES = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'];
const FRAME_MS = 80;

/** Starts drawing: on a terminal one animated picture, elsewhere one line per status. */
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
    const now = STEPS.findIndex(({ status }) => status === last);
    const lines = STEPS.map(({ status }, index) => {
      if (index > now) return colors.dim(`· ${status}`);
      const done = index < now || status === 'COMPLETED';
      const mark = done ? colors.green('✓') : colors.cyan(FRAMES[frame % FRAMES.length] ?? '');
      // The order may pass a status between two polls; such a status has no time.
      return `${mark} ${row(status, seen.get(status) ?? '')}`;
    });
    // A status that is not one of the steps, such as REJECTED, gets its own line.
    if (now === -1 && last !== '') {
      lines.push(`${colors.red('✗')} ${row(last, seen.get(last) ?? '')}`);
    }
    const up = drawn ? `\u001b[${STEPS.length}A` : '';
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

/** @param time the time from the request until the order reached the status. */
function row(status: string, time: string): string {
  const meaning = STEPS.find((step) => step.status === status)?.meaning ?? '';
  return `${status.padEnd(20)} ${time.padStart(8)}  ${colors.dim(meaning)}`;
}
