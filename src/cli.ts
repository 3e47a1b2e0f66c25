import path from 'node:path';
import { NO_ENCRYPTION_KEYS, NotAnOperatorError, UsageError } from './cli/command-errors.ts';
import { type CliContext, type Connection, operatorOf } from './cli/context.ts';
import { runCommandLine } from './cli/program.ts';
import { readSandboxConnection } from './cli/sandbox-connection.ts';
import type { DocumentSettings } from './documents/create-document-store.ts';
import { createKeyProvider, type KmsSettings } from './keys/create-key-provider.ts';
import { type KeyRing, KeyRingError, parseKeyRing } from './keys/key-ring.ts';
import { ConfigError, parseOperatorConfig } from './process/config.ts';
import { readSecretFiles } from './process/secret-files.ts';
import { type Database, openDatabase } from './storage/database.ts';
import { isPlaintext, PLAINTEXT_WARNING } from './storage/postgres-tls.ts';
import { roleWithoutOperatorRights } from './storage/role-rights.ts';
import { connectionOptions } from './temporal/connection-options.ts';

// `rx …`: the operators' command line, see src/cli/program.ts.

/** Longer than any list of a large table takes. */
const STATEMENT_LIMIT_MS = 60_000;

const env = process.env;
const onSandbox = !env.DATABASE_URL && !env.DATABASE_URL_FILE;
let connection: Promise<Connection> | undefined;
let opened: Database | undefined;
const stopping = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  // Only the first signal is handled, so a second one kills a command that does not stop.
  process.once(signal, () => stopping.abort());
}

// EPIPE: the reader, such as `head`, closed the pipe; exit quietly.
process.stdout.on('error', () => process.exit(0));

const context: Omit<CliContext, 'about'> = {
  stdin: process.stdin,
  stdout: process.stdout,
  stderr: process.stderr,
  operator: operatorOf(env.RX_OPERATOR),
  // scripts/rx.mjs changes to the project's folder, and passes the folder that the user called from.
  resolveFile: (name) => path.resolve(env.RX_CALLED_FROM ?? '', name),
  variable: (name) => env[name],
  connect: () => (connection ??= connect()),
  owned() {
    if (onSandbox) throw new UsageError('DATABASE_URL is required: the sandbox sets itself up');
    const { url, temporal } = target();
    return { url, temporal: { ...temporal, options: connectionOptions(env, temporal.address) } };
  },
  stopping: stopping.signal,
};

process.exitCode = await runCommandLine(process.argv.slice(2), context, {
  connect: onSandbox
    ? 'start the sandbox with npm start, and use the same DATA_DIR for both'
    : 'check DATABASE_URL',
  migrate: onSandbox
    ? 'restart the sandbox'
    : 'run src/migrate.ts (in the image: node dist/src/migrate.js)',
});
await opened?.end({ timeout: 1 });

async function connect(): Promise<Connection> {
  const { url, hashSecret, encryptionKeys, kms, name, temporal, ...settings } = target();
  const keys = encryptionKeys && createKeyProvider({ encryptionKeys, kms });
  process.stderr.write(`using ${name}\n`);
  if (isPlaintext(url)) process.stderr.write(`warning: ${PLAINTEXT_WARNING}\n`);
  opened = openDatabase(url, 2, {
    ...{ statementLimitMs: STATEMENT_LIMIT_MS, hashSecret },
    ...(keys === undefined ? {} : { keys }),
  });
  const database = opened;
  const role = await roleWithoutOperatorRights(database);
  if (role !== undefined) throw new NotAnOperatorError(role);
  return {
    database,
    temporal: { ...temporal, options: connectionOptions(env, temporal.address) },
    ...settings,
    async checkTemporal() {
      // Imported here, because loading the Temporal client would slow down every other command.
      const { checkNamespace } = await import('./temporal/health-check.ts');
      return await checkNamespace(connectionOptions(env, temporal.address), temporal.namespace);
    },
    hashSecret: () =>
      required(
        hashSecret,
        'HASH_SECRET is required: set it to the value of the servers, or they cannot verify the key',
      ),
    encryptionKeys: () => required(encryptionKeys, NO_ENCRYPTION_KEYS),
    masterKeys: () => required(keys, NO_ENCRYPTION_KEYS),
  };
}

/** @throws {UsageError} the value is not configured. */
function required<T>(value: T | undefined, message: string): T {
  if (value === undefined) throw new UsageError(message);
  return value;
}

/** Returns which database to use; `name` describes it in messages and contains no password. */
function target(): {
  url: string;
  hashSecret: string | undefined;
  encryptionKeys: KeyRing | undefined;
  kms: KmsSettings | undefined;
  name: string;
  temporal: { address: string; namespace: string };
  webhooks: Connection['webhooks'];
  documents: DocumentSettings | undefined;
  consoleUrl: string;
  keyLifetimeDays: number | undefined;
} {
  try {
    const config = parseOperatorConfig(readSecretFiles(env));
    const { keyLifetimeDays } = config;
    if (config.databaseUrl === undefined) {
      const sandbox = readSandboxConnection(env.DATA_DIR || '.data');
      const { databaseUrl, hashSecret, encryptionKeys } = sandbox;
      return {
        url: databaseUrl,
        hashSecret,
        encryptionKeys: parseKeyRing(encryptionKeys),
        kms: undefined,
        name: `the sandbox ${sandbox.dataDir} at ${new URL(databaseUrl).host}`,
        temporal: { address: sandbox.temporalAddress, namespace: sandbox.temporalNamespace },
        webhooks: { destinations: 'loopback' },
        documents: { folder: path.join(sandbox.dataDir, 'documents') },
        consoleUrl: sandbox.consoleUrl,
        keyLifetimeDays,
      };
    }
    const url = config.databaseUrl;
    if (!URL.canParse(url)) throw new UsageError('DATABASE_URL must be a URL, postgres://…');
    const { host, pathname } = new URL(url);
    const { hashSecret, encryptionKeys, kms, webhooks, documents, consoleUrl } = config;
    const name = `the database ${host}${pathname}`;
    const { temporal } = config;
    const keys = { hashSecret, encryptionKeys, kms, keyLifetimeDays };
    return { url, ...keys, name, temporal, webhooks, documents, consoleUrl };
  } catch (error) {
    if (error instanceof ConfigError) throw new UsageError(error.message);
    if (error instanceof KeyRingError) throw new UsageError(`ENCRYPTION_KEYS ${error.message}`);
    throw error;
  }
}
