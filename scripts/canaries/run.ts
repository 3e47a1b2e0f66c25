import { spawnSync } from 'node:child_process';
import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { superuserUrl, urlOfRole } from '../../sandbox/database-url.ts';
import { PROJECT, temporaryFolder } from '../../sandbox/folders.ts';
import { type Stack, startStack } from '../../sandbox/stack.ts';
import { createRx } from '../../test/support/cli.ts';
import { testEnvironment } from '../../test/support/environment.ts';
import { type Canary, createCanary } from './canary.ts';
import { createClinic } from './clinic.ts';
import { dumpTables, dumpWorkflows } from './dumps.ts';
import { type EchoServer, startEchoServer } from './echo-server.ts';
import { type Needle, needlesOf, needlesOfContent } from './needles.ts';
import { PATHS, type PathName } from './paths.ts';
import { type Finding, folderPlace, type Place, searchPlace, textPlace } from './places.ts';
import { Needles } from './search-bytes.ts';

/** The result of a run. */
export interface CanaryRun {
  /** How many texts the run searched for. */
  readonly markers: number;
  readonly findings: readonly Finding[];
}

/** The orders of `canary-silent` expire after this time. */
const COMPLETION_LIMIT = '3s';

/**
 * Starts a stack and sends an order whose every text is a marker down each path. Then searches
 * everything that the stack stores or writes for the markers: while it runs, and after its end.
 *
 * @param progress reports progress.
 * @param signal aborts the run, which then leaves nothing behind.
 * @throws {Error} the stack does not start, or an order does not reach the status of its path.
 */
export async function runCanaries(
  paths: readonly PathName[],
  progress: (text: string) => void,
  signal: AbortSignal,
): Promise<CanaryRun> {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'rx-canaries-'));
  const [dataDir, tmp] = [path.join(folder, 'data'), path.join(folder, 'tmp')];
  await mkdir(tmp);
  const written: string[] = [];
  const sink = { write: (text: string) => written.push(text) };
  const hooks = createCanary('organization’s receiver');
  const echo = await startEchoServer(hooks.mark('answer'));
  try {
    allowCores();
    const stack = await startStack({
      dataDir,
      ports: 'free',
      env: testEnvironment({ LOG_LEVEL: 'debug', RETRY_MAX_MS: '1000', TMPDIR: tmp }),
      log: sink,
      news: sink,
      signal,
      withConsole: true,
    });
    try {
      const needles = await walkAll(paths, { stack, echo, hooks, tmp, written, progress, signal });
      const all = new Needles(needles);
      const output = textPlace('output of stack and rx', async function* () {
        yield { name: 'output', bytes: Buffer.from(written.join('')) };
      });
      progress('searching while it runs');
      const running = [
        textPlace('tables, dumped', () => dumpTables(superuserUrl(stack.databaseUrl))),
        textPlace('workflows, dumped', () => dumpWorkflows(stack.temporalAddress, 'default')),
        textPlace('metrics', () => metricsOf(stack)),
        ...folders(folder).map((place) => ({ ...place, name: `${place.name}, running` })),
      ];
      const findings = await searchAll(running, all, progress, signal);
      await stack.stop();
      progress('searching after its end');
      findings.push(...(await searchAll([...folders(folder), output], all, progress, signal)));
      findings.push(
        await coreDumps([PROJECT, dataDir, path.join(dataDir, 'postgres', 'data'), tmp]),
      );
      const markers = new Set(needles.map(({ marker }) => marker)).size;
      return { markers, findings };
    } finally {
      await stack.stop();
    }
  } finally {
    await echo.close();
    await rm(folder, { recursive: true, force: true });
  }
}

/** The folders that the parts of a stack write to. The simulator's folder belongs to the pharmacy, so it is not searched. */
function folders(folder: string): Place[] {
  const dataDir = path.join(folder, 'data');
  return [
    folderPlace('postgres', path.join(dataDir, 'postgres')),
    folderPlace('temporal', path.join(dataDir, 'temporal')),
    folderPlace('documents', path.join(dataDir, 'documents')),
    folderPlace('logs', path.join(dataDir, 'logs')),
    folderPlace('rest of the data folder', dataDir, [
      ...['postgres', 'temporal', 'documents', 'logs', 'simulator'],
    ]),
    // The run's own folder can be inside; its parts are searched as places of their own.
    folderPlace('temporary folder of the parts', temporaryFolder(), [
      path.relative(temporaryFolder(), folder),
    ]),
    folderPlace('temporary folder of rx', path.join(folder, 'tmp')),
  ];
}

async function searchAll(
  places: readonly Place[],
  needles: Needles,
  progress: (text: string) => void,
  signal: AbortSignal,
): Promise<Finding[]> {
  const findings = [];
  for (const place of places) {
    signal.throwIfAborted();
    const finding = await searchPlace(place, needles);
    findings.push(finding);
    progress(`${place.name}: ${finding.hits.length} hits`);
  }
  return findings;
}

async function* metricsOf({ baseUrl, workerMetricsUrl }: Stack) {
  for (const url of [`${baseUrl}/metrics`, workerMetricsUrl]) {
    const response = await fetch(url);
    if (!response.ok) throw new Error(`${url} was answered with ${response.status}`);
    yield { name: url, bytes: Buffer.from(await response.arrayBuffer()) };
  }
}

/** Allows core dumps as far as this machine does, so that a missing prohibition in the stack shows. */
function allowCores(): void {
  const { status } = spawnSync('prlimit', ['--pid', String(process.pid), '--core=unlimited']);
  if (status !== 0)
    process.stderr.write('prlimit failed: core dumps keep the limit of this machine\n');
}

/** Finds memory dumps of processes. There must be none: a dump contains the data that a process worked on. */
async function coreDumps(places: readonly string[]): Promise<Finding> {
  const since = performance.now();
  const hits = [];
  for (const folder of places) {
    for (const file of await readdir(folder)) {
      if (!/^core(\.\d+)?$/.test(file)) continue;
      hits.push({ file, field: 'memory', encoding: 'bytes' as const, compressed: false });
    }
  }
  const seconds = (performance.now() - since) / 1_000;
  return { place: 'core dumps', files: hits.length, bytes: 0, seconds, hits };
}

/** Takes the paths, one after the other. @returns what to search for. */
async function walkAll(
  paths: readonly PathName[],
  run: {
    stack: Stack;
    echo: EchoServer;
    hooks: Canary;
    tmp: string;
    written: string[];
    progress: (text: string) => void;
    signal: AbortSignal;
  },
): Promise<Needle[]> {
  const { stack, echo, hooks, tmp, written, progress } = run;
  const clinic = createClinic(stack.baseUrl, run.signal);
  const operatorUrl = urlOfRole(stack.databaseUrl, 'operator');
  const program = createRx(operatorUrl);
  const rx = async (args: readonly string[], stdin = '') => {
    const own = { DATABASE_URL: operatorUrl, TMPDIR: tmp, PHARMACY_TOKEN: 'a-token-of-no-one' };
    const env = { ...stack.env, ...own };
    const result = await program(args, { stdin, env });
    written.push(result.stdout, result.stderr);
    return result;
  };
  for (const kind of ['refusing', 'failing', 'silent']) {
    const { code, stderr } = await rx([
      ...['pharmacy', 'add', `canary-${kind}`, '--base-url', `${echo.url}/${kind}`],
      ...['--token-env', 'PHARMACY_TOKEN', '--completion-limit', COMPLETION_LIMIT],
    ]);
    if (code !== 0) throw new Error(`rx pharmacy add: ${stderr}`);
  }
  for (const status of [200, 500]) {
    const url = `${echo.url}/hooks/${status}`;
    const value = hooks.mark(`auth header of endpoint ${status}`);
    const authHeader = { name: 'authorization', value };
    const endpoint = { url, authHeader, payloadMode: 'full', documentFormat: 'base64' };
    const answer = await clinic.send('POST', '/api/v1/webhook-endpoints', endpoint);
    if (answer.status !== 201) throw new Error(`endpoint: ${answer.status}`);
  }
  const canaries = [hooks];
  const needles: Needle[] = [];
  for (const name of paths) {
    progress(`path: ${name}`);
    const canary = createCanary(name);
    canaries.push(canary);
    await PATHS[name]({
      stack,
      clinic,
      canary,
      rx,
      signal: run.signal,
      keepDocument: (bytes) => needles.push(...needlesOfContent(`${name}: document`, bytes)),
      async control(route, body) {
        const response = await fetch(`${stack.simulatorUrl}/control/${route}`, {
          ...(body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) }),
          headers: { 'content-type': 'application/json' },
        });
        if (!response.ok) throw new Error(`control/${route}: ${response.status}`);
        return await response.json();
      },
    });
  }
  return [...needles, ...canaries.flatMap(({ markers }) => markers.flatMap(needlesOf))];
}
