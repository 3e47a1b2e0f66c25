import { readdirSync, readFileSync } from 'node:fs';

// What Linux says of processes in /proc. The benchmarks that use it run on Linux only.

/** USER_HZ, which is 100 on every Linux. */
const TICKS_PER_SECOND = 100;
const KIB_PER_MB = 1_000_000 / 1_024;

/** Processes by name. The figures of each include its children. */
export type Pids = Readonly<Record<string, number>>;

interface Row {
  readonly parent: number;
  /** CPU time of the process and of its children that have ended. */
  readonly ticks: number;
}

/** Returns the CPU seconds that each process has used so far. */
export function cpuSeconds<Names extends Pids>(pids: Names): Record<keyof Names, number> {
  return ofEach(pids, (pid, rows) => (rows.get(pid)?.ticks ?? 0) / TICKS_PER_SECOND);
}

/** Returns the memory of each process in MB. A page that n processes share counts 1/n for each (PSS). */
export function memoryMb<Names extends Pids>(pids: Names): Record<keyof Names, number> {
  return ofEach(pids, (pid) => {
    const text = readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8');
    return Number(/^Pss:\s+(\d+)/m.exec(text)?.[1] ?? 0) / KIB_PER_MB;
  });
}

function ofEach<Names extends Pids>(
  pids: Names,
  figure: (pid: number, rows: ReadonlyMap<number, Row>) => number,
): Record<keyof Names, number> {
  const rows = table();
  const sums = Object.entries(pids).map(([name, pid]) => {
    return [name, tree(pid, rows).reduce((sum, each) => sum + figure(each, rows), 0)];
  });
  return Object.fromEntries(sums) as Record<keyof Names, number>;
}

function table(): Map<number, Row> {
  const rows = new Map<number, Row>();
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    try {
      const stat = readFileSync(`/proc/${name}/stat`, 'utf8');
      // The second field is the program's name in parentheses; utime to cstime are the 14th to 17th.
      const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
      const ticks = fields.slice(11, 15).reduce((sum, field) => sum + Number(field), 0);
      rows.set(Number(name), { parent: Number(fields[1]), ticks });
    } catch {
      // The process has ended.
    }
  }
  return rows;
}

function tree(pid: number, rows: ReadonlyMap<number, Row>): number[] {
  const children = [...rows].filter(([, { parent }]) => parent === pid).map(([child]) => child);
  return [pid, ...children.flatMap((child) => tree(child, rows))];
}
