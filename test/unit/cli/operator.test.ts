import os from 'node:os';
import { expect, it } from 'vitest';
import { operatorOf } from '../../../src/cli/operator.ts';

it.each([
  ['the name that is set', ' anna ', 'anna'],
  ['the account, when none is', undefined, os.userInfo().username],
  ['the account, when it is blank', ' ', os.userInfo().username],
])('an operator is %s, on this machine', (_what, name, actor) => {
  expect(operatorOf(name)).toEqual({ actorKind: 'operator', actor, source: os.hostname() });
});
