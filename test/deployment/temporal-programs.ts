import { readFileSync } from 'node:fs';
import path from 'node:path';
import { PROJECT } from '../../sandbox/folders.ts';
import { goProgram } from './go-program.ts';
import type { Shell } from './shell.ts';

const MODULE = 'go.temporal.io/server/cmd';

/** The version of the Temporal server in docker-compose.yml, such as `1.29.1`. */
export function temporalVersion(): string {
  const text = readFileSync(path.join(PROJECT, 'docker-compose.yml'), 'utf8');
  const version = /image: temporalio\/server:([\d.]+)/.exec(text)?.[1];
  if (version === undefined) throw new Error('docker-compose.yml names no version of Temporal');
  return version;
}

/** Returns Temporal's server, which is built from its sources on first use. */
export async function temporalServerProgram(
  shell: Shell,
  version: string,
  say: (line: string) => void,
): Promise<string> {
  return await goProgram(shell, 'temporal-server', `${MODULE}/server@v${version}`, say);
}

/** Returns the tool that creates Temporal's tables; see {@link temporalServerProgram}. */
export async function temporalSqlTool(
  shell: Shell,
  version: string,
  say: (line: string) => void,
): Promise<string> {
  return await goProgram(shell, 'temporal-sql-tool', `${MODULE}/tools/sql@v${version}`, say);
}
