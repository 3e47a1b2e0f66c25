import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

interface Ended {
  readonly code: unknown;
  readonly stdout: string;
  readonly stderr: string;
}

function fuzz(...args: string[]): Promise<Ended> {
  const all = ['scripts/bootstrap.mjs', 'scripts/fuzz.ts', ...args];
  return new Promise((resolve) => {
    execFile(process.execPath, all, { cwd: ROOT }, (error, stdout, stderr) =>
      resolve({ code: error?.code ?? 0, stdout, stderr }),
    );
  });
}

it('finds no error in a small run of `npm run fuzz`', async () => {
  const { code, stdout, stderr } = await fuzz('--cases', '600');

  const result = JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as { cases: number };
  expect(result, stderr).toMatchObject({ serverErrors: 0, offSchema: 0, acceptedBreakingARule: 0 });
  expect(result.cases).toBeGreaterThanOrEqual(600);
  // Without Python, the run sends only its own bodies, and says so.
  expect(code, stderr).toBe(stderr.includes('no schemathesis') ? 3 : 0);
}, 600_000);

it('prints its usage when the arguments are invalid', async () => {
  const { code, stderr } = await fuzz('--cases', 'many');

  expect(code).toBe(2);
  expect(stderr).toContain('usage: npm run fuzz -- --cases N');
});
