import {
  type Contender,
  onTemporal,
  startFloor,
  startOurs,
  startTextbook,
} from './support/contenders.ts';
import { numbers } from './support/options.ts';
import { compareWholeOrders, WHOLE_ORDER_OPTIONS } from './support/whole-orders.ts';
import { withWorld } from './support/world.ts';

/*
 *   npm run bench -- whole [--orders N] [--rounds N] [--in-flight N] [--paced N] [--per-second N]
 *
 * Measures whole orders, from the request to the signed notification of COMPLETED: what each costs in CPU by process,
 * statements, rows, bytes and events, and how long it takes. The contenders take turns on one machine, one Postgres and
 * one Temporal:
 *
 *   ours      this project, as `npm start` runs it
 *   textbook  what a good tutorial would write (contenders/textbook-*.ts): the request is checked and inserted, the workflow
 *             started, four activities, a signal of the pharmacy's webhook, two PDFs checked and stored, a signed
 *             notification; no encryption, audit log, idempotent replay, outbox, fairness and polling
 *   floor     the textbook's workflow with activities that do nothing; no HTTP and no Postgres
 */

const options = numbers(WHOLE_ORDER_OPTIONS);

await withWorld(
  async (world) => {
    const contenders: Record<string, Contender> = {
      ours: await startOurs(world),
      textbook: await startTextbook(world, 'textbook', onTemporal(world)),
      floor: await startFloor(world),
    };
    const comparison = await compareWholeOrders(world, contenders, options);
    console.log(JSON.stringify({ whole: { options, ...comparison } }));
  },
  {},
  { countsStatements: true },
);
