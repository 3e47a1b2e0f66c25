import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { expect, it } from 'vitest';
import { withoutCoreDumps } from '../../../sandbox/child.ts';
import { mayDump } from '../../../src/process/warn-of-core-dumps.ts';

const LIMITS = '/proc/self/limits';

/** The limits of a program that a shell starts in which cores of any size are allowed. */
function limitsOf({ command, args }: { command: string; args: readonly string[] }): string {
  const raised = ['-c', 'ulimit -S -c "$(ulimit -H -c)"; exec "$0" "$@"', command, ...args];
  return execFileSync('/bin/sh', raised, { encoding: 'utf8' });
}

it.runIf(existsSync(LIMITS))('keeps a program from leaving a core where the user lets it', () => {
  const program = { command: 'cat', args: [LIMITS] };
  const hard = execFileSync('/bin/sh', ['-c', 'ulimit -H -c'], { encoding: 'utf8' }).trim();
  expect(mayDump(limitsOf(program))).toBe(hard !== '0');
  expect(mayDump(limitsOf(withoutCoreDumps(program.command, program.args)))).toBe(false);
});

it('hands the arguments on as they are', () => {
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
])('reads of %j that a core may be left: %s', (limits, expected) => {
  expect(mayDump(limits)).toBe(expected);
});
