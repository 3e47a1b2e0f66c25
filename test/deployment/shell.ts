import { spawn } from 'node:child_process';
import { createWriteStream, type WriteStream } from 'node:fs';

/** The options of a {@link Shell}. */
export interface CommandOptions {
  readonly env?: NodeJS.ProcessEnv;
  readonly cwd?: string;
  /** The text of the command's standard input. */
  readonly input?: string;
  /** How long the command may take, in milliseconds. */
  readonly limitMs?: number;
  /** Whether another exit code than 0 is an answer, not an error. */
  readonly mayFail?: boolean;
  /** The account that runs the command; the own one by default. */
  readonly uid?: number;
  readonly gid?: number;
}

/** The result of a command. */
export interface CommandResult {
  readonly code: number | null;
  readonly stdout: string;
}

/** Runs a command until it ends; rejects when it fails. */
export type Shell = (
  command: string,
  args: readonly string[],
  options?: CommandOptions,
) => Promise<CommandResult>;

const LIMIT_MS = 10 * 60_000;

/**
 * Creates a {@link Shell} whose commands write what they print to a file, since a failed build explains itself
 * there.
 *
 * @param signal kills the command that runs, and lets no other start.
 */
export function createShell(logFile: string, signal: AbortSignal): Shell {
  const log = createWriteStream(logFile, { flags: 'a', mode: 0o600 });
  return async (command, args, options = {}) => {
    signal.throwIfAborted();
    const { input = '', limitMs = LIMIT_MS, mayFail = false, ...spawnOptions } = options;
    log.write(`\n$ ${command} ${args.join(' ')}\n`);
    const result = await run(command, args, { input, limitMs, log, signal, spawnOptions });
    signal.throwIfAborted();
    if (result.code === 0 || mayFail) return result;
    throw new Error(
      `${command} ${args.slice(0, 4).join(' ')} … ended with ${result.code ?? 'a signal'}; see ${logFile}`,
    );
  };
}

function run(
  command: string,
  args: readonly string[],
  options: {
    spawnOptions: Pick<CommandOptions, 'env' | 'cwd' | 'uid' | 'gid'>;
    input: string;
    limitMs: number;
    log: WriteStream;
    signal: AbortSignal;
  },
): Promise<CommandResult> {
  const { spawnOptions, input, limitMs, log, signal } = options;
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { ...spawnOptions, stdio: 'pipe', timeout: limitMs });
    const kill = () => child.kill('SIGKILL');
    signal.addEventListener('abort', kill, { once: true });
    const kept: Buffer[] = [];
    child.stdout.on('data', (chunk: Buffer) => {
      kept.push(chunk);
      log.write(chunk);
    });
    child.stderr.on('data', (chunk: Buffer) => log.write(chunk));
    // A command that ends without reading its input breaks the pipe.
    child.stdin.on('error', () => undefined);
    child.stdin.end(input);
    child.once('error', reject);
    child.once('close', (code) => {
      signal.removeEventListener('abort', kill);
      resolve({ code, stdout: Buffer.concat(kept).toString('utf8') });
    });
  });
}
