import { type Comparison, compareWithLedger, type Ledger } from '../deployment/ledger.ts';
import type { Shell } from '../deployment/shell.ts';
import type { Engine } from './engine.ts';
import type { Project } from './project.ts';

/** What the test found. */
interface Verdict extends Comparison {
  readonly orders: number;
  readonly images: Readonly<Record<string, string>>;
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
  acknowledged: readonly string[],
  open: ReadonlySet<string>,
): Promise<Verdict> {
  const found = compareWithLedger(acknowledged, open, await project.simulator<Ledger>('ledger'));

  const format = ['--format', '{{.Size}}'];
  const sizeOf = async (name: string) =>
    (
      await shell('docker', ['image', 'ls', ...format, `${name}:docker-test`], { env })
    ).stdout.trim();
  const images = {
    'rx-orders': await sizeOf('rx-orders'),
    'rx-orders-simulator': await sizeOf('rx-orders-simulator'),
  };
  return { orders: acknowledged.length, ...found, images };
}
