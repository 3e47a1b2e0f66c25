import { createRandom } from '../../simulator/random.ts';

/** What a run starts, and may kill, freeze and restart. */
export const PROCESSES = [
  'server-1',
  'server-2',
  'worker-1',
  'worker-2',
  'temporal',
  'postgres',
  'simulator',
  'receiver',
] as const;

/** Names a process of a run. */
export type ProcessName = (typeof PROCESSES)[number];

/**
 * The connections that can be disturbed: clients to each server, each server with its worker to
 * Postgres and Temporal, workers to the pharmacies, workers to the receiver.
 */
export const LINKS = [
  'door-1',
  'door-2',
  'postgres-1',
  'postgres-2',
  'temporal-1',
  'temporal-2',
  'pharmacy',
  'receiver',
] as const;

/** Names a link of a run. */
export type LinkName = (typeof LINKS)[number];

/** How a link is disturbed. `lost-answers`: what was asked is executed, its answer never arrives. */
export const FAULTS = ['latency', 'reset', 'hang', 'lost-answers'] as const;

/** Names a fault. */
export type FaultName = (typeof FAULTS)[number];

/** Something that is done to the system; times are milliseconds from the start of the load. */
export type Step = { readonly atMs: number } & (
  | { readonly do: 'kill'; readonly process: ProcessName; readonly downMs: number }
  | { readonly do: 'freeze'; readonly process: ProcessName; readonly forMs: number }
  | { readonly do: 'restart'; readonly process: ProcessName }
  | {
      readonly do: 'fault';
      readonly link: LinkName;
      readonly fault: FaultName;
      readonly forMs: number;
    }
);

/** An order that a client will place. */
export interface PlannedOrder {
  readonly atMs: number;
  readonly pharmacyId: string;
  /** How many equal requests for it are sent at once. */
  readonly copies: number;
  /** Whether the client asks for `Idempotency-Mode: replay`. */
  readonly replay: boolean;
  /** Whether the client asks once more although it has its answer. */
  readonly asksAgain: boolean;
  /** When it cancels, counted from its answer. */
  readonly cancelAfterMs: number | null;
}

/** Everything that a run decides by chance. */
export interface Schedule {
  readonly loadMs: number;
  /** How far the clocks of these processes are off, in milliseconds. */
  readonly clockOffsetsMs: Readonly<Partial<Record<ProcessName, number>>>;
  readonly orders: readonly PlannedOrder[];
  readonly steps: readonly Step[];
}

/** What a schedule is made from. */
export interface ScheduleOptions {
  readonly seed: number;
  readonly orders: number;
  readonly kills: number;
  /** Equal requests for each order, all at once. */
  readonly copies: number;
  /** Temporal is away for so many seconds from a quarter of the load on; the load lasts at least as long. */
  readonly temporalDownSeconds: number;
}

/** Pharmacies of the sandbox whose orders come to an end, the last one by the run's own hand. */
const PHARMACIES = [
  ...['pharmacy-123', 'pharmacy-silent', 'pharmacy-refuses', 'pharmacy-rejects', 'pharmacy-flaky'],
  ...['pharmacy-lost-reply', 'pharmacy-early', 'pharmacy-chatty', 'pharmacy-bad-document'],
  ...['pharmacy-corrupt', 'pharmacy-tracking', 'pharmacy-manual'],
];
const CANCELLED_AT = ['pharmacy-123', 'pharmacy-silent', 'pharmacy-flaky', 'pharmacy-manual'];

/** How often each is killed, of all kills. */
const KILLED: readonly [ProcessName, number][] = [
  ['worker-1', 0.17],
  ['worker-2', 0.17],
  ['server-1', 0.13],
  ['server-2', 0.13],
  ['temporal', 0.14],
  ['postgres', 0.14],
  ['simulator', 0.07],
  ['receiver', 0.05],
];

/** What two workers carry while they are being killed. */
const ORDERS_A_SECOND = 2;
/** A killed process gets this long on average until the next one dies. */
const KILL_EVERY_MS = 4_000;
const SHORTEST_MS = 10_000;

/** Makes the schedule of a run. Pure: the same options give the same schedule. */
export function makeSchedule(options: ScheduleOptions): Schedule {
  const random = createRandom(options.seed);
  const below = (limit: number) => Math.floor(random() * limit);
  const between = (least: number, most: number) => least + below(most - least);
  const chance = (share: number) => random() < share;
  const pick = <T>(from: readonly T[]): T => from[below(from.length)] as T;

  const temporalDownMs = options.temporalDownSeconds * 1_000;
  const loadMs = Math.max(
    SHORTEST_MS,
    Math.ceil((options.orders / ORDERS_A_SECOND) * 1_000),
    options.kills * KILL_EVERY_MS,
    Math.ceil(temporalDownMs * 1.5),
  );

  const orders = Array.from({ length: options.orders }, (_, index): PlannedOrder => {
    // Each in its turn, so that a short run has all of them.
    const pharmacyId = PHARMACIES[index % PHARMACIES.length] ?? '';
    const cancels = CANCELLED_AT.includes(pharmacyId) && chance(0.3);
    return {
      atMs: below(loadMs),
      pharmacyId,
      copies: options.copies,
      replay: chance(0.5),
      asksAgain: chance(0.1),
      cancelAfterMs: cancels ? below(1_500) : null,
    };
  });

  const kills = Array.from({ length: options.kills }, (): Step => {
    const downMs = chance(0.5) ? 0 : below(3_000);
    return { atMs: below(loadMs), do: 'kill', process: killed(random()), downMs };
  });
  const freezes = Array.from({ length: Math.ceil(options.kills / 4) }, (): Step => {
    // Some longer than an activity's heartbeat: its work is given to another, and then it wakes up.
    const forMs = chance(0.3) ? between(11_000, 14_000) : between(500, 6_000);
    return { atMs: below(loadMs), do: 'freeze', process: pick(PROCESSES), forMs };
  });
  const restarts = Array.from({ length: Math.ceil(options.kills / 5) }, (): Step => {
    return { atMs: below(loadMs), do: 'restart', process: pick(PROCESSES) };
  });
  const faults = Array.from({ length: options.kills }, (): Step => {
    const fault = pick(FAULTS);
    const forMs = between(300, fault === 'reset' ? 2_000 : 6_000);
    return { atMs: below(loadMs), do: 'fault', link: pick(LINKS), fault, forMs };
  });
  const outage: Step[] =
    temporalDownMs === 0
      ? []
      : [
          {
            atMs: Math.round(loadMs / 4),
            do: 'kill',
            process: 'temporal',
            downMs: temporalDownMs,
          },
        ];

  const byTime = (a: { atMs: number }, b: { atMs: number }) => a.atMs - b.atMs;
  return {
    loadMs,
    clockOffsetsMs: {
      'server-2': between(-60_000, 60_000),
      'worker-2': between(-60_000, 60_000),
    },
    orders: orders.toSorted(byTime),
    steps: [...kills, ...freezes, ...restarts, ...faults, ...outage].toSorted(byTime),
  };
}

function killed(share: number): ProcessName {
  let left = share;
  for (const [process, part] of KILLED) {
    left -= part;
    if (left < 0) return process;
  }
  return 'worker-1';
}
