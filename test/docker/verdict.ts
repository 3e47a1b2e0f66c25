import type { Engine } from './engine.ts';
import type { Project } from './project.ts';
import type { Shell } from './shell.ts';

/** What the test found, by the ledger of the pharmacy. */
interface Verdict {
  readonly orders: number;
  /** Orders that the API acknowledged and that did not end COMPLETED, or that the pharmacy does not have. */
  readonly lost: number;
  /** Orders that the pharmacy has more than once, or that nobody was told of. */
  readonly duplicated: number;
  readonly images: Readonly<Record<string, string>>;
}

interface Ledger {
  readonly orders: { reference: string; status: string }[];
}

/**
 * Compares the acknowledged orders with those that the pharmacy has.
 *
 * @param open the acknowledged orders that are not COMPLETED.
 */
export async function verdictOf(
  shell: Shell,
  { env }: Engine,
  project: Project,
  acknowledged: ReadonlySet<string>,
  open: ReadonlySet<string>,
): Promise<Verdict> {
  const { orders } = await project.simulator<Ledger>('ledger');
  const placed = new Map<string, number>();
  for (const { reference } of orders) placed.set(reference, (placed.get(reference) ?? 0) + 1);
  const lost = [...acknowledged].filter((id) => open.has(id) || !placed.has(id));
  const extra = [...placed].filter(([id, times]) => times > 1 || !acknowledged.has(id));
  for (const id of lost) console.error(`lost: ${id}`);
  for (const [id, times] of extra) console.error(`at the pharmacy ${times} times: ${id}`);

  const format = ['--format', '{{.Size}}'];
  const sizeOf = async (name: string) =>
    (
      await shell('docker', ['image', 'ls', ...format, `${name}:docker-test`], { env })
    ).stdout.trim();
  const images = {
    'rx-orders': await sizeOf('rx-orders'),
    'rx-orders-simulator': await sizeOf('rx-orders-simulator'),
  };
  return { orders: acknowledged.size, lost: lost.length, duplicated: extra.length, images };
}
