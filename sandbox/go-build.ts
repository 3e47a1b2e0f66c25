import { chmod, readdir, rm } from 'node:fs/promises';
import path from 'node:path';
import type { Environment } from '../src/process/config.ts';
import type { Progress } from './build-progress.ts';
import type { ObtainBinary } from './cached-binary.ts';
import type { CommandResult, RunCommand } from './run-command.ts';
import { errorCode } from './stack-error.ts';
/**
 * Builds a Go program with the user's Go, by the proxy and flags that the user's Go is set to. Go's own
 * two caches are kept beside the binary, so that a build that was interrupted goes on where it was,
 * and are removed after it.
 *
 * @param options.module the program and its version, as `go install` takes it.
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
    if (flags === undefined) return { why: 'it cannot be built: there is no `go` on the PATH' };
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
          // Modules are read-only by default, and could not be removed after the build.
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
      return { why: `it cannot be built: go install: ${last}` };
    }
    await rm(caches, { recursive: true, force: true });
    // `…/cmd/program@version`; with its platform's ending.
    const program = path.posix.basename(options.module.replace(/@.*/, ''));
    const built = (await readdir(folder)).find((name) => path.parse(name).name === program);
    if (built === undefined) return { why: 'it cannot be built: go install made no binary' };
    const file = path.join(folder, built);
    await chmod(file, 0o755);
    return { path: file };
  };
}

/** The user's own flags; undefined without Go. */
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
