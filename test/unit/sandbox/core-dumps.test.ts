import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { expect, it } from 'vitest';
import { withoutCoreDumps } from '../../../sandbox/child.ts';
import { mayDump } from '../../../src/process/warn-of-core-dumps.ts';

const LIMITS = '/proc/self/limits';

/** Returns the limits of a program that is started by a shell which allows core dumps of any size. */
function limitsOf({ command, args }: { command: string; args: readonly string[] }): string {
  const raised = ['-c', 'ulimit -S -c "$(ulimit -H -c)"; exec "$0" "$@"', command, ...args];
  return execFileSync('/bin/sh', raised, { encoding: 'utf8' });
}

it.runIf(existsSync(LIMITS))('disables core dumps even when the user allows them', () => {
  const program = { command: 'cat', args: [LIMITS] };
  const hard = execFileSync('/bin/sh', ['-c', 'ulimit -H -c'], { encoding: 'utf8' }).trim();
  expect(mayDump(limitsOf(program))).toBe(hard !== '0');
  expect(mayDump(limitsOf(withoutCoreDumps(program.command, program.args)))).toBe(false);
});

it('passes the arguments unchanged', () => {
  const odd = ['a b', '$HOME', '"', ''];
  const program = 'console.log(JSON.stringify(process.argv.slice(1)))';
  const { command, args } = withoutCoreDumps(process.execPath, ['-e', program, '--', ...odd]);
  expect(JSON.parse(execFileSync(command, args, { encoding: 'utf8' }))).toEqual(odd);
});

it.each([
  ['Max core file size        0                    unlimited            bytes     ', false],
  ['Max core file size        unlimited            unlimited            bytes     ', true],
  ['Max core file size        1024                 unlimited            bytes     ', true],
  ['', false],
])('reads from %j whether a crash may leave a core dump: %s', (limits, expected) => {
  expect(mayDump(limits)).toBe(expected);
});
