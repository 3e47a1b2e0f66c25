import path from 'node:path';
import type { Environment } from '../src/process/config.ts';
import { startBuildProgress } from './build-progress.ts';
import { cacheFolder } from './folders.ts';
import { byGoInstall } from './go-build.ts';
import type { RunCommand } from './run-command.ts';
import type { TextOutput } from './stack-log.ts';
import { findTemporalBinary, TEMPORAL_CLI_VERSION } from './temporal-binary.ts';
import { byDownload } from './temporal-download.ts';

const VERSION_LIMIT_MS = 15_000;
const WHY_BUILD =
  'this machine has no Temporal binary: building one with Go (about 5 minutes, only once)';

/**
 * Finds the Temporal binary on this machine; downloads or builds it when there is none.
 *
 * @param options.news receives a line of text about each step that takes long.
 * @returns the binary's absolute path.
 * @throws {StackError} there is no binary, and every way to get one failed.
 */
export async function obtainTemporal(options: {
  readonly env: Environment;
  readonly run: RunCommand;
  readonly signal: AbortSignal;
  readonly news: TextOutput;
}): Promise<string> {
  const { env, run, signal, news } = options;
  const cacheDir = cacheFolder(env);
  const notify = (message: string) => {
    news.write(`${message}\n`);
  };
  const binary = await findTemporalBinary({
    env,
    cacheDir,
    signal,
    notify,
    async runs(file) {
      try {
        const limits = { env, signal, limitMs: VERSION_LIMIT_MS };
        const { code, output } = await run(file, ['--version'], limits);
        return code === 0 && output.startsWith('temporal version');
      } catch {
        signal.throwIfAborted();
        return false;
      }
    },
    obtain: [
      byDownload({ env, run, signal, notify }),
      byGoInstall({
        module: `github.com/temporalio/cli/cmd/temporal@${TEMPORAL_CLI_VERSION}`,
        ...{ env, cacheDir, run, signal },
        progress: () => startBuildProgress(news, 'Temporal', WHY_BUILD),
      }),
    ],
  });
  return path.resolve(binary);
}
