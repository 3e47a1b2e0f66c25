import { type ChildProcess, execFileSync, fork } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { temporaryFolder } from '../../src/embedded/folders.ts';
import { freePorts } from '../../src/embedded/ports.ts';
import { exampleText } from '../support/example.ts';
import { startTestStack, type TestStack } from '../support/stack.ts';

// What the container image runs: compiled JavaScript, without tsx.

let test: TestStack;
// Inside the project, where it finds the installed packages.
const dist = mkdtempSync(path.join(temporaryFolder(), 'rx-dist-'));

beforeAll(async () => {
  execFileSync('node_modules/.bin/tsc', ['-p', 'tsconfig.build.json', '--outDir', dist]);
  cpSync('src/storage/migrations', path.join(dist, 'src/storage/migrations'), { recursive: true });
  cpSync('src/http/docs', path.join(dist, 'src/http/docs'), { recursive: true });
  writeFileSync(path.join(dist, 'package.json'), '{"type":"module"}');
  test = await startTestStack();
});
afterAll(async () => {
  await test.close();
  rmSync(dist, { recursive: true, force: true });
});

const run = (program: string, env: Record<string, string> = {}): ChildProcess =>
  fork(path.join(dist, 'src', program), { env: { ...test.stack.env, ...env }, stdio: 'ignore' });

async function endOf(child: ChildProcess): Promise<unknown> {
  const [code] = (await once(child, 'exit')) as [number | null];
  return code;
}

it('migrates, and ends', async () => {
  expect(await endOf(run('migrate.js'))).toBe(0);
});

it('works as a worker until it is asked to stop', async () => {
  const worker = run('worker.js', { TEMPORAL_TASK_QUEUE: 'compiled' });
  expect(await once(worker, 'message')).toContain('ready');
  worker.kill('SIGTERM');
  expect(await endOf(worker)).toBe(0);
});

it('serves the endpoint until it is asked to stop', async () => {
  const { PORT } = await freePorts();
  const server = run('server.js', { PORT: String(PORT) });
  expect(await once(server, 'message')).toContain('ready');
  const url = `http://127.0.0.1:${PORT}/api/v1/cases/123e4567-e89b-12d3-a456-426614174000`;
  const headers = { 'cv-api-key': 'YOUR_SECRET_KEY', 'content-type': 'application/json' };
  const response = await fetch(url, { method: 'POST', headers, body: exampleText() });
  expect(response.status).toBe(200);
  const page = await fetch(`http://127.0.0.1:${PORT}/docs`);
  expect(await page.text()).toContain('docs/docs.js');
  server.kill('SIGTERM');
  expect(await endOf(server)).toBe(0);
});
