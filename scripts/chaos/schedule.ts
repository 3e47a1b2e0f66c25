import { createRandom } from '../../simulator/random.ts';

/** The processes of a run, which it can kill, freeze and restart. */
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

/** The name of a process of a run. */
export type ProcessName = (typeof PROCESSES)[number];

/**
 * The connections that a run can disturb: clients to each server, each server with its worker to
 * Postgres and to Temporal, workers to the pharmacies, workers to the receiver.
 */
export const LINKS = [
  'clients-1',
  'clients-2',
  'postgres-1',
  'postgres-2',
  'temporal-1',
  'temporal-2',
  'pharmacy',
  'receiver',
] as const;

/** The name of a connection. */
export type LinkName = (typeof LINKS)[number];

/** How a connection is disturbed. `lost-answers`: the server executes the request, but its answer never arrives. */
export const FAULTS = ['latency', 'reset', 'hang', 'lost-answers'] as const;

/** The name of a fault. */
export type FaultName = (typeof FAULTS)[number];

/** A disturbance of the system. Times are milliseconds from the start of the load. */
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
  /** How many equal requests the client sends at once. */
  readonly copies: number;
  /** Whether the client sends `Idempotency-Mode: replay`. */
  readonly replay: boolean;
  /** Whether the client sends the request again after it got its answer. */
  readonly asksAgain: boolean;
  /** When the client cancels, counted from its answer. */
  readonly cancelAfterMs: number | null;
}

/** Every random decision of a run. */
export interface Schedule {
  readonly loadMs: number;
  /** The offsets of these processes' clocks, in milliseconds. */
  readonly clockOffsetsMs: Readonly<Partial<Record<ProcessName, number>>>;
  readonly orders: readonly PlannedOrder[];
  readonly steps: readonly Step[];
}

/** The options of a schedule. */
export interface ScheduleOptions {
  readonly seed: number;
  readonly orders: number;
  readonly kills: number;
  /** How many equal requests for each order are sent at once. */
  readonly copies: number;
  /** For how many seconds Temporal is down, from the first quarter of the load on. The load lasts at least as long. */
  readonly temporalDownSeconds: number;
}

/** The sandbox's pharmacies whose orders end. The run itself completes the orders of `pharmacy-manual`. */
const PHARMACIES = [
  ...['pharmacy-123', 'pharmacy-silent', 'pharmacy-refuses', 'pharmacy-rejects', 'pharmacy-flaky'],
  ...['pharmacy-lost-reply', 'pharmacy-early', 'pharmacy-chatty', 'pharmacy-bad-document'],
  ...['pharmacy-corrupt', 'pharmacy-tracking', 'pharmacy-manual'],
  ...['pharmacy-loose', 'pharmacy-rendering', 'pharmacy-late-documents', 'pharmacy-corrects'],
  ...['pharmacy-files-elsewhere', 'pharmacy-contradicts'],
];
const CANCELLED_AT = [
  ...['pharmacy-123', 'pharmacy-silent', 'pharmacy-flaky', 'pharmacy-manual'],
  ...['pharmacy-loose', 'pharmacy-contradicts'],
];

/** The share of each process in all kills. */
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

/** How many orders two workers can process while the run kills them. */
const ORDERS_A_SECOND = 2;
/** The average time between two kills. */
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
    // In turn, so that a short run has each of them.
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
    // Sometimes longer than an activity's heartbeat timeout: another worker takes over the activity, and then the frozen worker wakes up.
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
