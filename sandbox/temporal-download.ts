import { readdirSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Environment } from '../src/process/config.ts';
import type { ObtainBinary } from './cached-binary.ts';
import type { RunCommand } from './run-command.ts';
import { TEMPORAL_CLI_VERSION } from './temporal-binary.ts';

/** A download that has not begun by then will not begin, because the network is blocked. */
const BEGIN_LIMIT_MS = 10_000;
const WHOLE_LIMIT_MS = 5 * 60_000;

const PROGRAM = fileURLToPath(new URL('./sdk-download.mjs', import.meta.url));

/** Downloads the binary with the Temporal SDK. */
export function byDownload(options: {
  readonly env: Environment;
  readonly run: RunCommand;
  readonly signal: AbortSignal;
  readonly notify: (message: string) => void;
}): ObtainBinary {
  return async (folder) => {
    const { env, run, signal, notify } = options;
    notify(`this machine has no Temporal binary: downloading ${TEMPORAL_CLI_VERSION}`);
    const idle = new AbortController();
    const timer = setTimeout(() => {
      if (readdirSync(folder).length === 0) idle.abort();
    }, BEGIN_LIMIT_MS);
    try {
      const { code, output } = await run(
        process.execPath,
        [PROGRAM, folder, TEMPORAL_CLI_VERSION],
        {
          env,
          signal: AbortSignal.any([signal, idle.signal]),
          limitMs: WHOLE_LIMIT_MS,
        },
      );
      const file = readdirSync(folder).find((name) => name.startsWith('temporal'));
      if (code === 0 && file !== undefined) return { path: path.join(folder, file) };
      return { why: `the download failed: ${reasonIn(output)}` };
    } catch (error) {
      if (!idle.signal.aborted) throw error;
      return { why: `the download did not begin within ${BEGIN_LIMIT_MS / 1000} s` };
    } finally {
      clearTimeout(timer);
    }
  };
}

/** The SDK's message is a chain of causes; the last one is the most specific. */
function reasonIn(output: string): string {
  const line = output.split('\n').find((text) => text.startsWith('reason: '));
  return line?.slice(line.lastIndexOf(': ') + 2) ?? 'no answer';
}
