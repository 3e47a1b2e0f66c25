import { cp, mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { Connection } from '@temporalio/client';
import { PROJECT } from '../../sandbox/folders.ts';
import type { Part } from '../../sandbox/part.ts';
import { connectionOptions } from '../../src/temporal/connection-options.ts';
import type { Shell } from '../deployment/shell.ts';
import {
  temporalServerProgram,
  temporalSqlTool,
  temporalVersion,
} from '../deployment/temporal-programs.ts';
import { testEnvironment } from '../support/environment.ts';
import type { Site } from './site.ts';

const ANSWER_LIMIT_MS = 5_000;

/** The ports in `deploy/temporal/production.yaml`, and those of the test. */
const PORTS = {
  7233: 'frontend',
  7234: 'history',
  7235: 'matching',
  7239: 'worker',
  6933: 'frontendMembers',
  6934: 'historyMembers',
  6935: 'matchingMembers',
  6939: 'workerMembers',
  8000: 'temporalMetrics',
} as const;

/** Temporal's server, with its tables in Postgres. */
export interface Temporal {
  readonly part: Part;
  /** Creates or updates the tables in Temporal's two databases, as the schema job of compose does. */
  updateSchema(): Promise<void>;
}

/** Describes a Temporal server with mutual TLS, configured by `deploy/temporal` with other ports. */
export async function prepareTemporal(
  shell: Shell,
  site: Site,
  say: (line: string) => void,
): Promise<Temporal> {
  const { ports, certificates, folder } = site;
  const version = temporalVersion();
  const server = await temporalServerProgram(shell, version, say);
  const sqlTool = await temporalSqlTool(shell, version, say);
  const password = site.secret('temporal_database_password');

  const config = path.join(folder, 'temporal');
  await mkdir(config);
  await cp(path.join(PROJECT, 'deploy/temporal'), config, { recursive: true });
  const file = path.join(config, 'production.yaml');
  let text = await readFile(file, 'utf8');
  for (const [port, name] of Object.entries(PORTS)) {
    text = text.replaceAll(new RegExp(`\\b${port}\\b`, 'g'), String(ports[name]));
  }
  await writeFile(file, text);
  // update-schema.sh calls the tool by its name.
  const tools = path.join(folder, 'tools');
  await mkdir(tools);
  await cp(sqlTool, path.join(tools, 'temporal-sql-tool'));

  const part: Part = {
    name: 'temporal',
    command: server,
    args: [
      '--root',
      folder,
      '--config',
      'temporal',
      '--env',
      'production',
      '--allow-no-auth',
      'start',
    ],
    env: {
      ...testEnvironment(),
      TEMPORAL_DATABASE_ADDRESS: `127.0.0.1:${ports.postgres}`,
      TEMPORAL_DATABASE_PASSWORD: password,
      TEMPORAL_BIND_IP: '127.0.0.1',
      TEMPORAL_DYNAMIC_CONFIG: path.join(config, 'dynamic-config.yaml'),
      TEMPORAL_TLS_CERT_FILE: certificates.server.cert,
      TEMPORAL_TLS_KEY_FILE: certificates.server.key,
      TEMPORAL_TLS_CA_FILE: certificates.authority,
      TEMPORAL_TLS_SERVER_NAME: 'temporal.internal',
    },
    stopSignal: 'SIGTERM',
    stopLimitMs: 30_000,
    ready: () => answers(site),
  };
  return {
    part,
    async updateSchema() {
      const { PATH = '' } = process.env;
      const env = {
        ...testEnvironment(),
        PATH: `${tools}:${PATH}`,
        SQL_PLUGIN: 'postgres12',
        SQL_HOST: '127.0.0.1',
        SQL_PORT: String(ports.postgres),
        SQL_USER: 'temporal',
        SQL_PASSWORD: password,
      };
      await shell('sh', [path.join(PROJECT, 'deploy/temporal/update-schema.sh')], { env });
    },
  };
}

/** Rejects while the frontend does not answer to a client with a certificate. */
async function answers(site: Site): Promise<void> {
  const env = site.environment('operator');
  const options = connectionOptions(env, env.TEMPORAL_ADDRESS ?? '');
  const connection = await Connection.connect({ ...options, connectTimeout: ANSWER_LIMIT_MS });
  try {
    await connection.withDeadline(Date.now() + ANSWER_LIMIT_MS, () =>
      // An empty cluster has no namespace of orders yet, but it has its own.
      connection.workflowService.describeNamespace({ namespace: 'temporal-system' }),
    );
  } finally {
    await connection.close();
  }
}
