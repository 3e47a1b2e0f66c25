import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import {
  type Database,
  DatabaseTimeoutError,
  openDatabase,
  withTimeout,
} from '../../../src/storage/database.ts';

let database: Database;
beforeAll(() => {
  database = openDatabase(inject('postgres').ownerUrl, 1, { statementLimitMs: 30_000 });
});
afterAll(() => database.end({ timeout: 2 }));

it('never gives the rows of a timed-out query to the queries pipelined after it', async () => {
  await database`SELECT 1`;
  const ask = (answer: string) => database<{ answer: string }[]>`SELECT ${answer}::text AS answer`;
  await ask('before');
  const slow = database`SELECT pg_sleep(2.5)`.execute();
  const givenUp = withTimeout(ask('one organization’s').execute());
  const others = ['a', 'b', 'c'].map((answer) => ask(answer).execute());

  await expect(givenUp).rejects.toThrow(DatabaseTimeoutError);
  await slow;
  const answers = await Promise.all(others);
  expect(answers.map(([row]) => row?.answer)).toEqual(['a', 'b', 'c']);
}, 20_000);
