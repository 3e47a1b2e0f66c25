import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { startBuildProgress } from '../../sandbox/build-progress.ts';
import { obtainIntoCache } from '../../sandbox/cached-binary.ts';
import { cacheFolder } from '../../sandbox/folders.ts';
import { byGoInstall } from '../../sandbox/go-build.ts';
import { freePorts } from '../../sandbox/ports.ts';
import { type Reaper, startReaper } from '../../sandbox/reaper.ts';
import {
  type CommandResult,
  createRunCommand,
  type RunCommand,
} from '../../sandbox/run-command.ts';
import { StackError } from '../../sandbox/stack-error.ts';
import type { Environment } from '../../src/process/config.ts';
import { testEnvironment } from './environment.ts';
import { eventually } from './eventually.ts';

/** The arguments and the environment of a program. */
interface Call {
  readonly args: readonly string[];
  readonly env: Environment;
}

/** A Go server that tests need. It is built on first use, and kept in the cache. */
export interface GoProgram {
  readonly name: string;
  readonly version: string;
  /** The module in the format of `go install`, without the version. */
  readonly module: string;
  /** The purpose in messages, such as `an S3 server`. */
  readonly role: string;
  /** A call that exits on its own, and a check whether its result is that of this program. */
  readonly probe: (root: string) => Call;
  readonly isIt: (result: CommandResult) => boolean;
  /** @param root the temporary folder of this server. */
  readonly serve: (port: number, root: string) => Call | Promise<Call>;
}

/** A running server. */
export interface GoServer {
  readonly url: string;
  /** A temporary folder that is removed with the server. */
  readonly root: string;
  close(): Promise<void>;
}

/**
 * Starts a server on a free port, and waits until it answers HTTP.
 *
 * @throws {StackError} the program cannot be built; the message says what to do.
 */
export async function startGoServer(program: GoProgram): Promise<GoServer> {
  const reaper = await startReaper();
  const ending = new AbortController();
  const run = createRunCommand(reaper);
  const root = await mkdtemp(path.join(tmpdir(), `rx-${program.name}-`));
  try {
    const binary = await obtain(program, root, run, ending.signal);
    const { PORT } = await freePorts();
    const url = `http://127.0.0.1:${PORT}`;
    const { args, env } = await program.serve(PORT, root);
    let died: string | undefined;
    const options = { env: { ...testEnvironment(), ...env }, signal: ending.signal };
    const ended = run(binary, args, options).then(
      ({ output }) => (died = output),
      (error: unknown) => (died = String(error)),
    );
    await eventually(`${program.role} answers`, async () => {
      if (died !== undefined) throw new Error(`${program.name} ended: ${died}`);
      return await fetch(url).catch(() => undefined);
    });
    return {
      ...{ url, root },
      async close() {
        ending.abort();
        await ended;
        await closeAll(reaper, root);
      },
    };
  } catch (error) {
    ending.abort();
    await closeAll(reaper, root);
    throw error;
  }
}

/**
 * Puts a program into the cache, unless it is there.
 *
 * @returns its file.
 * @throws {StackError} the program cannot be built; the message says what to do.
 */
export async function buildGoProgram(program: GoProgram): Promise<string> {
  const reaper = await startReaper();
  const root = await mkdtemp(path.join(tmpdir(), `rx-${program.name}-`));
  try {
    return await obtain(program, root, createRunCommand(reaper), new AbortController().signal);
  } finally {
    await closeAll(reaper, root);
  }
}

async function closeAll(reaper: Reaper, root: string): Promise<void> {
  await reaper.close();
  await rm(root, { recursive: true, force: true });
}

async function obtain(
  { name, version, module, role, probe, isIt }: GoProgram,
  root: string,
  run: RunCommand,
  signal: AbortSignal,
): Promise<string> {
  const env = testEnvironment();
  const cacheDir = cacheFolder(env);
  const cached = path.join(cacheDir, `${name}-${version}`);
  const runs = async (file: string) => {
    try {
      const call = probe(root);
      const options = { env: { ...env, ...call.env }, signal, limitMs: 15_000 };
      return isIt(await run(file, call.args, options));
    } catch {
      signal.throwIfAborted();
      return false;
    }
  };
  if (await runs(cached)) return cached;
  const why = `tests need ${role}: building ${name} with Go (about 2 minutes, only once)`;
  const progress = () => startBuildProgress(process.stderr, name, why);
  const build = { module: `${module}@${version}`, env, cacheDir, run, signal, progress };
  return await obtainIntoCache(cached, {
    ...{ name, cacheDir, signal, runs },
    obtain: [byGoInstall(build)],
    notify: (message) => process.stderr.write(`${message}\n`),
    otherwise: '',
    noBinary: ([reason]) =>
      new StackError(
        `tests need ${name}: ${reason}; install Go (go.dev/dl), or put ${name} ${version} at ${cached}`,
      ),
  });
}
