import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { byGoInstall } from '../../../sandbox/go-build.ts';
import type { RunCommand } from '../../../sandbox/run-command.ts';
import { byDownload } from '../../../sandbox/temporal-download.ts';
import { temporaryFolderOfTest } from './helpers.ts';

const { signal } = new AbortController();
const MODULE = 'example.com/tools/cmd/temporal@v1.5.1';

function build(run: RunCommand) {
  const folder = path.join(temporaryFolderOfTest(), 'new');
  mkdirSync(folder);
  const steps: unknown[] = [];
  const progress = () => ({
    step: (kind: unknown) => steps.push(kind),
    end: () => steps.push('end'),
  });
  const cacheDir = path.dirname(folder);
  const env = { PATH: '/bin', GOPROXY: 'https://proxy.example.com' };
  const obtain = byGoInstall({ module: MODULE, env, cacheDir, run, signal, progress });
  return { folder, steps, cacheDir, result: obtain(folder) };
}

test('builds with the user’s Go settings, counts the steps, and keeps only the binary', async () => {
  const { folder, steps, cacheDir, result } = build(async (_command, args, { env, onLine }) => {
    if (args[0] === 'env') return { code: 0, output: '-buildvcs=false\n' };
    expect(args.at(-1)).toBe(MODULE);
    expect(env).toMatchObject({
      GOFLAGS: '-buildvcs=false -modcacherw',
      GOPROXY: 'https://proxy.example.com',
    });
    mkdirSync(String(env.GOMODCACHE), { recursive: true });
    onLine?.('go: downloading example.com/module v1.0.0');
    onLine?.('example.com/module/package');
    onLine?.('go: upgraded go 1.24');
    writeFileSync(path.join(String(env.GOBIN), 'temporal'), 'built');
    return { code: 0, output: '' };
  });
  expect(await result).toEqual({ path: path.join(folder, 'temporal') });
  expect(steps).toEqual(['module', 'package', undefined, 'end']);
  expect(readdirSync(cacheDir)).toEqual(['new']);
});

test('reports that Go is not installed', async () => {
  const { result } = build(() =>
    Promise.reject(Object.assign(new Error('spawn go ENOENT'), { code: 'ENOENT' })),
  );
  expect(await result).toEqual({ why: expect.stringContaining('no `go` on the PATH') as string });
});

test('reports why the build failed', async () => {
  const { result } = build(async (_command, args) =>
    args[0] === 'env'
      ? { code: 0, output: '' }
      : { code: 1, output: 'go: downloading x\ngo: module lookup disabled' },
  );
  expect(await result).toEqual({
    why: expect.stringContaining('module lookup disabled') as string,
  });
});

test('returns the file that the SDK downloaded', async () => {
  const folder = temporaryFolderOfTest();
  const obtain = byDownload({
    env: {},
    signal,
    notify: () => undefined,
    async run() {
      writeFileSync(path.join(folder, 'temporal-cli-v1.5.1'), 'fetched');
      return { code: 0, output: '' };
    },
  });
  expect(await obtain(folder)).toEqual({ path: path.join(folder, 'temporal-cli-v1.5.1') });
});

test('reports why the download failed', async () => {
  const obtain = byDownload({
    env: {},
    signal,
    notify: () => undefined,
    run: async () => ({ code: 1, output: 'reason: client error: Name or service not known' }),
  });
  expect(await obtain(temporaryFolderOfTest())).toEqual({
    why: 'the download failed: Name or service not known',
  });
});
