import { type Arrow, type Structure, withoutImplied } from './read-rooms.ts';

const BOX = { width: 124, height: 34 };
const GAP = { x: 22, y: 52 };
/** Width that an arrow takes in a row that it passes. */
const LANE = 6;
const MARGIN = { left: 96, top: 24, right: 24, bottom: 24 };
const SWEEPS = 24;

/** A room in its row, or the place where an arrow passes the row. */
interface Node {
  readonly id: string;
  readonly row: number;
  readonly room: boolean;
  readonly above: Node[];
  readonly below: Node[];
  x: number;
}

/**
 * Draws the rooms of `src/` as SVG: the floors are rows, the arrows point at what a room imports. An
 * arrow that follows from others is left out, since all arrows together would cover the picture.
 *
 * @returns the same text for the same rooms and arrows.
 */
export function drawRooms(structure: Structure): string {
  const arrows = withoutImplied(structure.arrows).sort(byName);
  const { rows, paths } = layOut(structure.floors, arrows);
  const ordered = place(fewestCrossings(rows));
  const width = MARGIN.left + Math.max(...ordered.flat().map(rightOf)) + MARGIN.right;
  const height = top(rows.length - 1) + BOX.height + MARGIN.bottom;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" font-family="system-ui, sans-serif" font-size="13">`,
    '<title>The rooms of src/ by floor, and what each imports</title>',
    '<defs><marker id="head" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto"><path d="M0 0 8 4 0 8Z" fill="#64748b"/></marker></defs>',
    `<rect width="${width}" height="${height}" rx="8" fill="#fff"/>`,
    ...ordered.map((_, row) => drawFloor(row, ordered.length, width)),
    ...paths.map(drawArrow),
    ...ordered.flat().filter(isRoom).map(drawRoom),
    '</svg>',
    '',
  ].join('\n');
}

function layOut(floors: Structure['floors'], arrows: readonly Arrow[]) {
  const rows = floors.map((floor, row) => floor.map((id) => node(id, row, true)));
  const nodes = new Map(rows.flat().map((each) => [each.id, each]));
  const paths = arrows.flatMap(({ from, to }) => {
    const [start, end] = [nodes.get(from), nodes.get(to)];
    if (start === undefined || end === undefined) return [];
    const passed = range(start.row + 1, end.row).map((row) => node(`${from} ${to}`, row, false));
    for (const each of passed) rows[each.row]?.push(each);
    const path = [start, ...passed, end];
    path.forEach((each, index) => {
      const next = path[index + 1];
      if (next === undefined) return;
      each.below.push(next);
      next.above.push(each);
    });
    return [path];
  });
  return { rows, paths };
}

function node(id: string, row: number, room: boolean): Node {
  return { id, row, room, above: [], below: [], x: 0 };
}

/** Orders each row by where its neighbours stand, up and down, and keeps the best of all sweeps. */
function fewestCrossings(rows: Node[][]): Node[][] {
  let present = rows;
  let best = { rows, crossings: crossingsOf(rows) };
  for (const sweep of range(0, SWEEPS)) {
    const side = sweep % 2 === 0 ? 'above' : 'below';
    const order = range(0, rows.length);
    for (const row of side === 'above' ? order : order.reverse()) {
      const positions = positionsIn(present[row + (side === 'above' ? -1 : 1)] ?? []);
      const own = positionsIn(present[row] ?? []);
      const wanted = (each: Node) =>
        each[side].length === 0
          ? (own.get(each) ?? 0)
          : mean(each[side].map((other) => positions.get(other) ?? 0));
      present = present.with(
        row,
        (present[row] ?? []).toSorted((a, b) => wanted(a) - wanted(b)),
      );
    }
    const crossings = crossingsOf(present);
    if (crossings < best.crossings) best = { rows: present, crossings };
  }
  return best.rows;
}

function crossingsOf(rows: readonly (readonly Node[])[]): number {
  return rows.reduce((sum, row, index) => {
    const positions = positionsIn(rows[index + 1] ?? []);
    const ends = row.map((each) => each.below.map((other) => positions.get(other) ?? 0));
    const crossed = ends.flatMap((own, at) =>
      own.map(
        (end) =>
          ends
            .slice(at + 1)
            .flat()
            .filter((other) => other < end).length,
      ),
    );
    return sum + crossed.reduce((a, b) => a + b, 0);
  }, 0);
}

function positionsIn(row: readonly Node[]): Map<Node, number> {
  return new Map(row.map((each, index) => [each, index]));
}

/** Moves each node towards its neighbours as far as its row allows. */
function place(rows: Node[][]): Node[][] {
  for (const row of rows) {
    let x = 0;
    for (const each of row) {
      each.x = x + widthOf(each) / 2;
      x += widthOf(each) + GAP.x;
    }
  }
  const order = range(0, rows.length);
  for (const sweep of range(0, 2 * SWEEPS)) {
    for (const row of sweep % 2 === 0 ? order : order.toReversed()) spread(rows[row] ?? []);
  }
  const left = Math.min(...rows.flat().map((each) => each.x - widthOf(each) / 2));
  for (const each of rows.flat()) each.x = Math.round(each.x - left);
  return rows;
}

function spread(row: readonly Node[]): void {
  const wanted = row.map((each) =>
    mean(
      [...each.above, ...each.below].map(({ x }) => x),
      each.x,
    ),
  );
  const apart = (a: Node, b: Node) => (widthOf(a) + widthOf(b)) / 2 + GAP.x;
  const rightwards: number[] = [];
  const leftwards: number[] = [];
  row.forEach((each, index) => {
    const before = row[index - 1];
    const least = before && (rightwards[index - 1] ?? 0) + apart(before, each);
    rightwards.push(Math.max(wanted[index] ?? 0, least ?? Number.NEGATIVE_INFINITY));
  });
  row.toReversed().forEach((each, index) => {
    const after = row[row.length - index];
    const most = after && (leftwards[0] ?? 0) - apart(each, after);
    const want = wanted[row.length - 1 - index] ?? 0;
    leftwards.unshift(Math.min(want, most ?? Number.POSITIVE_INFINITY));
  });
  row.forEach((each, index) => {
    each.x = ((rightwards[index] ?? 0) + (leftwards[index] ?? 0)) / 2;
  });
}

function drawFloor(row: number, rows: number, width: number): string {
  const label = row === 0 ? 'programs' : `floor ${rows - row}`;
  const y = top(row);
  const shade = row % 2 === 0 ? '#f8fafc' : '#f1f5f9';
  return (
    `<rect x="8" y="${y - 12}" width="${width - 16}" height="${BOX.height + 24}" rx="6" fill="${shade}"/>` +
    `<text x="20" y="${y + BOX.height / 2 + 4}" fill="#475569">${label}</text>`
  );
}

function drawRoom(room: Node): string {
  const x = MARGIN.left + room.x;
  const y = top(room.row);
  return (
    `<rect x="${x - BOX.width / 2}" y="${y}" width="${BOX.width}" height="${BOX.height}" rx="5" fill="#fff" stroke="#334155"/>` +
    `<text x="${x}" y="${y + BOX.height / 2 + 4}" text-anchor="middle" fill="#0f172a">${room.id}</text>`
  );
}

function drawArrow(path: readonly Node[]): string {
  const steps = path.slice(1).map((to, index) => {
    const from = path[index] ?? to;
    const [x1, x2] = [MARGIN.left + from.x, MARGIN.left + to.x];
    const [y1, y2] = [top(from.row) + BOX.height, top(to.row) - (to.room ? 1 : 0)];
    const middle = (y1 + y2) / 2;
    const start = index === 0 ? `M${x1} ${y1}` : `V${y1}`;
    return `${start}C${x1} ${middle} ${x2} ${middle} ${x2} ${y2}`;
  });
  return `<path d="${steps.join('')}" fill="none" stroke="#64748b" marker-end="url(#head)"/>`;
}

const top = (row: number) => MARGIN.top + row * (BOX.height + GAP.y);
const widthOf = ({ room }: Node) => (room ? BOX.width : LANE);
const rightOf = (each: Node) => each.x + widthOf(each) / 2;
const isRoom = ({ room }: Node) => room;
const byName = (a: Arrow, b: Arrow) => (`${a.from} ${a.to}` < `${b.from} ${b.to}` ? -1 : 1);
const range = (from: number, to: number) =>
  Array.from({ length: Math.max(0, to - from) }, (_, index) => from + index);
const mean = (values: readonly number[], otherwise = 0) =>
  values.length === 0 ? otherwise : values.reduce((a, b) => a + b, 0) / values.length;
