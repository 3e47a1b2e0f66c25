import { existsSync } from 'node:fs';
import { chmod, mkdir, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { TestWorkflowEnvironment } from '@temporalio/testing';
import type { TestProject } from 'vitest/node';
import { cacheFolder } from '../../sandbox/folders.ts';
import { startReaper } from '../../sandbox/reaper.ts';
import { createRunCommand } from '../../sandbox/run-command.ts';
import { testEnvironment } from './environment.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** The executable of Temporal's time-skipping test server, or `download`: the SDK has its own. */
    readonly timeSkippingServer: string | undefined;
  }
}

const VERSION = '1.38.0';
const POM = `<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>rx-orders</groupId><artifactId>test-server</artifactId><version>1</version>
  <dependencies>
    <dependency>
      <groupId>io.temporal</groupId><artifactId>temporal-test-server</artifactId><version>${VERSION}</version>
    </dependency>
  </dependencies>
</project>
`;
const WRAPPER = `#!/bin/sh
exec java -XX:TieredStopAtLevel=1 -XX:+UseSerialGC -cp "$(dirname "$0")/lib/*" io.temporal.testserver.TestServer "$@" >/dev/null 2>&1
`;
const LIMIT_MS = 5 * 60_000;

/**
 * Finds the executable of the test server: `TEMPORAL_TEST_SERVER`, the cache, or, with Java and Maven,
 * the Java program that the SDK's own download is built from.
 */
async function findServer(): Promise<string | undefined> {
  const env = testEnvironment();
  // Not among the variables that `testEnvironment` keeps.
  const own = process.env['TEMPORAL_TEST_SERVER'];
  if (own) return own;
  const folder = path.join(cacheFolder(env), `temporal-test-server-${VERSION}`);
  const file = path.join(folder, 'temporal-test-server');
  if (existsSync(file)) return file;
  const reaper = await startReaper();
  const temporary = `${folder}-${process.pid}`;
  try {
    const run = createRunCommand(reaper);
    const limits = { env, signal: AbortSignal.timeout(LIMIT_MS), limitMs: LIMIT_MS };
    await mkdir(temporary, { recursive: true });
    await writeFile(path.join(temporary, 'pom.xml'), POM);
    const pom = path.join(temporary, 'pom.xml');
    const copy = ['dependency:copy-dependencies', `-DoutputDirectory=${temporary}/lib`];
    const java = await run('java', ['-version'], limits);
    const maven = await run('mvn', ['-q', '-B', '-f', pom, ...copy], limits);
    if (java.code !== 0 || maven.code !== 0) return undefined;
    await writeFile(path.join(temporary, path.basename(file)), WRAPPER);
    await chmod(path.join(temporary, path.basename(file)), 0o755);
    await rename(temporary, folder);
    return file;
  } catch {
    return undefined; // no Java or no Maven; the SDK tries its own download
  } finally {
    await rm(temporary, { recursive: true, force: true });
    await reaper.close();
  }
}

export default async function setup(project: TestProject): Promise<void> {
  const found = await findServer();
  if (found !== undefined) return project.provide('timeSkippingServer', found);
  try {
    await (await TestWorkflowEnvironment.createTimeSkipping()).teardown();
    project.provide('timeSkippingServer', 'download');
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    console.error(`Temporal's time-skipping test server is missing, so its tests are skipped: ${why}
Install Java and Maven, or set TEMPORAL_TEST_SERVER to its executable.`);
    project.provide('timeSkippingServer', undefined);
  }
}
