import { chmod, readdir, rm } from 'node:fs/promises';
import path from 'node:path';
import type { Environment } from '../src/process/config.ts';
import type { Progress } from './build-progress.ts';
import type { ObtainBinary } from './cached-binary.ts';
import type { CommandResult, RunCommand } from './run-command.ts';
import { errorCode } from './stack-error.ts';

/**
 * Builds a Go program with the user's Go, and with the proxy and flags of the user's Go environment.
 * Go's module and build caches are kept in `cacheDir`, so that an interrupted build can continue; they
 * are removed after a successful build.
 *
 * @param options.module the program and its version, in the format of `go install`.
 */
export function byGoInstall(options: {
  readonly module: string;
  readonly env: Environment;
  readonly cacheDir: string;
  readonly run: RunCommand;
  readonly signal: AbortSignal;
  readonly progress: () => Progress;
}): ObtainBinary {
  const { env, run, signal } = options;
  const caches = path.join(options.cacheDir, 'go');
  return async (folder) => {
    const flags = await goFlags(run, env, signal);
    if (flags === undefined) return { why: 'the build needs Go, and there is no `go` on the PATH' };
    const progress = options.progress();
    let result: CommandResult;
    try {
      result = await run('go', ['install', '-v', options.module], {
        env: {
          ...env,
          GOBIN: folder,
          GOMODCACHE: path.join(caches, 'modules'),
          GOCACHE: path.join(caches, 'build'),
          GOTMPDIR: folder,
          // By default Go makes module files read-only, and they could not be removed after the build.
          GOFLAGS: `${flags} -modcacherw`.trim(),
        },
        signal,
        onLine: (line) => progress.step(stepOf(line)),
      });
    } finally {
      progress.end();
    }
    if (result.code !== 0) {
      const last = result.output.trimEnd().split('\n').at(-1) ?? '';
      return { why: `the build failed: go install: ${last}` };
    }
    await rm(caches, { recursive: true, force: true });
    // The binary is named after the last path segment of `…/cmd/program@version`, plus `.exe` on Windows.
    const program = path.posix.basename(options.module.replace(/@.*/, ''));
    const built = (await readdir(folder)).find((name) => path.parse(name).name === program);
    if (built === undefined) return { why: 'the build failed: go install made no binary' };
    const file = path.join(folder, built);
    await chmod(file, 0o755);
    return { path: file };
  };
}

/** Returns the user's `GOFLAGS`; undefined when Go is not installed. */
async function goFlags(
  run: RunCommand,
  env: Environment,
  signal: AbortSignal,
): Promise<string | undefined> {
  try {
    const { code, output } = await run('go', ['env', 'GOFLAGS'], { env, signal });
    return code === 0 ? output.trim() : undefined;
  } catch (error) {
    signal.throwIfAborted();
    if (errorCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}

function stepOf(line: string): 'module' | 'package' | undefined {
  if (line.startsWith('go: downloading ')) return 'module';
  return line.startsWith('go: ') || line.includes(' ') ? undefined : 'package';
}
