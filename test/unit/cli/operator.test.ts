import os from 'node:os';
import { expect, it } from 'vitest';
import { operatorOf } from '../../../src/cli/context.ts';

it.each([
  ['the configured name', ' anna ', 'anna'],
  ['the account when no name is set', undefined, os.userInfo().username],
  ['the account when the name is blank', ' ', os.userInfo().username],
])('the operator is %s, on this machine', (_what, name, actor) => {
  expect(operatorOf(name)).toEqual({ actorKind: 'operator', actor, source: os.hostname() });
});
