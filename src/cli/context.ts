import os from 'node:os';
import type { Readable } from 'node:stream';
import type { ConnectionOptions } from '@temporalio/client';
import type { AuditSource, OperatorSubject } from '../audit/record-audit.ts';
import type { DocumentSettings } from '../documents/create-document-store.ts';
import type { KeyProvider } from '../keys/key-provider.ts';
import type { KeyRing } from '../keys/key-ring.ts';
import type { Config } from '../process/config.ts';
import type { Database } from '../storage/database.ts';

/** The output stream of a command. */
export interface TextTarget {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string): unknown;
}

/** The deployment that a command works on. */
export interface Connection {
  readonly database: Database;
  /** The Temporal server of the deployment. */
  readonly temporal: {
    readonly address: string;
    readonly namespace: string;
    readonly options: ConnectionOptions;
  };
  /** The allowed webhook destinations, which are the same as for the servers. */
  readonly webhooks: Pick<Config['webhooks'], 'destinations'>;
  /** Where operators reach the console, without a slash at the end. */
  readonly consoleUrl: string;
  /** Where documents are stored; undefined: not configured for `rx`. */
  readonly documents: DocumentSettings | undefined;
  /** The default lifetime of a new API key, in days; undefined: without end. */
  readonly keyLifetimeDays: number | undefined;
  /** Checks Temporal: rejects when it does not answer in time, resolves with what is wrong with its namespace. */
  checkTemporal(): Promise<string | undefined>;
  /**
   * Returns the key of the hashes of API keys.
   *
   * @throws {UsageError} it is not configured.
   */
  hashSecret(): string;
  /**
   * Returns the keys that encrypt the payloads of workflows.
   *
   * @throws {UsageError} they are not configured.
   */
  encryptionKeys(): KeyRing;
  /**
   * Returns the provider of the master keys, which wrap the data keys in Postgres.
   *
   * @throws {UsageError} they are not configured.
   */
  masterKeys(): KeyProvider;
}

/** Everything that commands need from the process. */
export interface CliContext {
  readonly stdin: Readable;
  readonly stdout: TextTarget;
  readonly stderr: TextTarget;
  /** The user of the command line, and the machine. */
  readonly operator: AuditSource & { readonly source: string };
  /** Reports the command's subject to the audit log, when the arguments do not name it. */
  about(subject: OperatorSubject): void;
  /** Resolves a file name relative to the folder from which the user called `rx`. */
  resolveFile(name: string): string;
  /** Returns an environment variable that the command line names. */
  variable(name: string): string | undefined;
  /**
   * Returns the deployment to work on. The first call prints on stderr which one it is.
   *
   * @throws {UsageError} the configuration is malformed.
   * @throws {NoDatabaseError} no database is configured, and there is no sandbox.
   * @throws {NotAnOperatorError} the database role would not see every row.
   */
  connect(): Promise<Connection>;
  /**
   * Returns the database and Temporal for `rx setup`, without connecting: they may lack everything.
   *
   * @throws {UsageError} `DATABASE_URL` is not set, or the configuration is malformed.
   */
  owned(): { readonly url: string; readonly temporal: Connection['temporal'] };
  /** Aborts when the user stops the command; for commands that run until then. */
  readonly stopping: AbortSignal;
}

/**
 * Returns the user of the command line, and the machine, for the audit log.
 *
 * @param name the variable `RX_OPERATOR`, for accounts that several people share, as in a container. When
 *   it is unset or blank, the name of the account is used.
 */
export function operatorOf(name: string | undefined): AuditSource & { readonly source: string } {
  const actor = name?.trim() || accountName();
  return { actorKind: 'operator', actor, source: os.hostname() };
}

function accountName(): string {
  try {
    return os.userInfo().username;
  } catch {
    // A container may run with a uid that has no account.
    return `uid ${process.getuid?.() ?? 'unknown'}`;
  }
}
