import type { Figures, Spread } from './turns.ts';

/** What the chart needs of the results of `npm run bench`; a part that is missing has no panel. */
export interface Results {
  readonly accept?: { readonly figures: Record<string, Record<string, Spread>> };
  readonly whole?: {
    readonly inFlight: { readonly figures: Record<string, Record<string, Spread>> };
  };
  readonly peers?: {
    readonly inFlight: { readonly figures: Record<string, Record<string, Spread>> };
  };
  readonly footprint?: Record<string, Record<string, Figures>>;
}

interface Bar {
  readonly label: string;
  /** One after the other; the classes of the style sheet below colour them. */
  readonly pieces: readonly { readonly value: number; readonly kind: string }[];
  readonly range?: Spread;
}

interface Panel {
  readonly title: string;
  readonly bars: readonly Bar[];
  readonly legend?: readonly string[];
}

const WIDTH = 760;
const LEFT = 190;
const RIGHT = 90;
const BAR = 18;
const ROW = 26;
/** The processes whose CPU is shown, in the order of the pieces. */
const PROCESSES = ['worker', 'server', 'postgres', 'temporal'];
const LABELS: Readonly<Record<string, string>> = {
  ours: 'rx-orders',
  withWorker: 'rx-orders, worker running',
  outbox: 'textbook outbox',
  dbos: 'textbook on DBOS',
};
/** Legible on the light and the dark page of a reader. */
const STYLE = `
  text { font: 13px system-ui, sans-serif; fill: #1f2328 }
  .title { font-weight: 600 }
  .page { fill: #ffffff }
  .ours, .worker { fill: #1a6dcc } .other { fill: #8c959f }
  .server { fill: #bc5a00 } .postgres { fill: #1a7f37 } .temporal { fill: #8250df }
  .range { stroke: #1f2328; stroke-width: 1.5 }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6edf3 }
    .page { fill: #0d1117 }
    .ours, .worker { fill: #4493f8 } .other { fill: #848d97 }
    .server { fill: #db8a3a } .postgres { fill: #3fb950 } .temporal { fill: #ab7df8 }
    .range { stroke: #e6edf3 }
  }`;

/** Draws the results as an SVG. */
export function drawChart(results: Results): string {
  let y = 12;
  const drawn = panelsOf(results).map((panel) => {
    const text = drawPanel(panel, y);
    y += 30 + panel.bars.length * ROW + (panel.legend ? 24 : 0) + 14;
    return text;
  });
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${y}" width="${WIDTH}" height="${y}" role="img">`,
    '<title>What an order costs, compared with other solutions</title>',
    `<style>${STYLE}\n</style>`,
    '<rect class="page" width="100%" height="100%" rx="6"/>',
    ...drawn,
    '</svg>',
    '',
  ].join('\n');
}

function panelsOf({ accept, whole, peers, footprint }: Results): Panel[] {
  const panels: Panel[] = [
    ...wholeOrderPanels('', whole?.inFlight.figures),
    ...wholeOrderPanels(' (a run with DBOS)', peers?.inFlight.figures),
    {
      title: 'Orders accepted a second, 32 connections: median, least and most',
      bars: ratesOf(['ours', 'withWorker', 'outbox', 'insert'], accept?.figures ?? {}),
    },
    {
      title: 'Memory (PSS), MB',
      bars: Object.entries(footprint ?? {}).flatMap(([name, { idleMb, withOpenOrdersMb }]) => [
        ...memoryOf(`${name}, idle`, idleMb),
        ...memoryOf(`${name}, 500 open orders`, withOpenOrdersMb),
      ]),
      legend: ['worker', 'server'],
    },
  ];
  return panels.filter(({ bars }) => bars.length > 0);
}

function wholeOrderPanels(
  run: string,
  figures: Readonly<Record<string, Record<string, Spread>>> = {},
): Panel[] {
  const bars = Object.entries(figures).map(([name, each]) => {
    return { label: labelOf(name), pieces: cpuOf(each) };
  });
  const rates = ratesOf(Object.keys(figures), figures);
  return [
    { title: `CPU of a whole order, milliseconds${run}`, bars, legend: PROCESSES },
    { title: `Whole orders a second${run}: median, least and most`, bars: rates },
  ];
}

function cpuOf(figures: Readonly<Record<string, Spread>>): Bar['pieces'] {
  return PROCESSES.map((kind) => ({ kind, value: figures[`cpuMs.${kind}`]?.median ?? 0 }));
}

function ratesOf(
  names: readonly string[],
  figures: Readonly<Record<string, Record<string, Spread>>>,
): Bar[] {
  return names.flatMap((name) => {
    const range = figures[name]?.perSecond;
    if (range === undefined) return [];
    const kind = name === 'ours' || name === 'withWorker' ? 'ours' : 'other';
    return [{ label: labelOf(name), pieces: [{ kind, value: range.median }], range }];
  });
}

function memoryOf(label: string, figures: Figures | undefined): Bar[] {
  if (figures === undefined) return [];
  const pieces = ['worker', 'server'].map((kind) => ({ kind, value: figures[kind] ?? 0 }));
  return [{ label, pieces }];
}

function drawPanel({ title, bars, legend }: Panel, top: number): string {
  const most = Math.max(...bars.map((bar) => Math.max(sumOf(bar), bar.range?.most ?? 0)));
  const scale = (value: number) => Number(((value / most) * (WIDTH - LEFT - RIGHT)).toFixed(1));
  const lines = [`<text class="title" x="16" y="${top + 14}">${title}</text>`];
  for (const [index, bar] of bars.entries()) {
    const y = top + 28 + index * ROW;
    lines.push(`<text x="${LEFT - 10}" y="${y + 13}" text-anchor="end">${bar.label}</text>`);
    let x = LEFT;
    for (const { value, kind } of bar.pieces) {
      const width = scale(value);
      lines.push(
        `<rect class="${kind}" x="${x.toFixed(1)}" y="${y}" width="${width}" height="${BAR}"/>`,
      );
      x += width;
    }
    if (bar.range !== undefined) {
      const [from, to] = [LEFT + scale(bar.range.least), LEFT + scale(bar.range.most)];
      const middle = y + BAR / 2;
      lines.push(`<path class="range" d="M${from} ${middle}H${to}"/>`);
      x = Math.max(x, to);
    }
    lines.push(`<text x="${(x + 8).toFixed(1)}" y="${y + 13}">${shown(sumOf(bar))}</text>`);
  }
  if (legend !== undefined) lines.push(...drawLegend(legend, top + 28 + bars.length * ROW));
  return lines.join('\n');
}

function drawLegend(kinds: readonly string[], y: number): string[] {
  return kinds.map((kind, index) => {
    const x = LEFT + index * 110;
    const colour = `<rect class="${kind}" x="${x}" y="${y}" width="12" height="12"/>`;
    return `${colour}<text x="${x + 18}" y="${y + 11}">${kind}</text>`;
  });
}

function labelOf(name: string): string {
  return LABELS[name] ?? name;
}

function sumOf({ pieces }: Bar): number {
  return pieces.reduce((sum, { value }) => sum + value, 0);
}

function shown(value: number): string {
  return value >= 100 ? value.toFixed(0) : String(Number(value.toPrecision(3)));
}
