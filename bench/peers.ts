import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import {
  asEnv,
  type Contender,
  onTemporal,
  startOurs,
  startTextbook,
} from './support/contenders.ts';
import { numbers } from './support/options.ts';
import { compareWholeOrders, WHOLE_ORDER_OPTIONS } from './support/whole-orders.ts';
import { withWorld } from './support/world.ts';

/*
 *   npm run bench -- peers [--orders N] [--rounds N] [--in-flight N] [--paced N] [--per-second N]
 *
 * Measures whole orders as the part `whole` does, against the textbook's order on another engine, DBOS Transact. Its packages
 * have a folder and a lock file of their own, and the first run installs them.
 */

const FOLDER = fileURLToPath(new URL('./peers/', import.meta.url));
const options = numbers(WHOLE_ORDER_OPTIONS);

if (!existsSync(`${FOLDER}node_modules/@dbos-inc/dbos-sdk`)) {
  // The result is the last line of stdout, so npm writes to stderr.
  const { status } = spawnSync('npm', ['ci'], { cwd: FOLDER, stdio: ['ignore', 2, 2] });
  if (status !== 0) throw new Error('npm ci failed in bench/peers');
}

await withWorld(
  async (world) => {
    const contenders: Record<string, Contender> = {
      ours: await startOurs(world),
      textbook: await startTextbook(world, 'textbook', onTemporal(world)),
      dbos: await startTextbook(world, 'dbos', async (settings) => {
        const { pid } = await world.programs.start('bench/peers/dbos.mjs', asEnv(settings));
        return { server: pid };
      }),
    };
    const comparison = await compareWholeOrders(world, contenders, options);
    console.log(JSON.stringify({ peers: { options, ...comparison } }));
  },
  {},
  { countsStatements: true },
);
