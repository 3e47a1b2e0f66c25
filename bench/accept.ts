import { acceptanceTurns } from './support/acceptance.ts';
import { numbers } from './support/options.ts';
import { takeTurns } from './support/turns.ts';
import { withWorld } from './support/world.ts';

/*
 *   npm run bench -- accept [--seconds N] [--rounds N] [--connections N]
 *
 * Measures what accepting an order over HTTP costs. The contenders take turns on one Postgres:
 *
 *   ours        this project's server; its worker is stopped (SIGSTOP), so that the server is alone on the machine
 *   withWorker  the same with the worker running
 *   insert      a bare Fastify route with one INSERT (contenders/bare-server.ts)
 *   outbox      a textbook's outbox: the request is checked; three INSERTs in a transaction
 */

const options = numbers({ seconds: 5, rounds: 3, connections: 32 });

await withWorld(async (world) => {
  const { stack } = world;
  const { ours, insert, outbox } = await acceptanceTurns(world, options);
  stack.kill('worker', 'SIGSTOP');
  const withWorker = async (isWarmUp: boolean) => {
    stack.kill('worker', 'SIGCONT');
    try {
      return await ours(isWarmUp);
    } finally {
      stack.kill('worker', 'SIGSTOP');
    }
  };
  const turns = { ours, insert, outbox, withWorker };
  const comparison = await takeTurns(options.rounds, turns, [
    ['ours', 'insert'],
    ['ours', 'outbox'],
    ['withWorker', 'insert'],
    ['withWorker', 'outbox'],
  ]);
  console.log(JSON.stringify({ accept: { options, ...comparison } }));
});
