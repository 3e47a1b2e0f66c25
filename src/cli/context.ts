import type { Readable } from 'node:stream';
import type { ConnectionOptions } from '@temporalio/client';
import type { AuditSource, AuditSubject } from '../audit/record-audit.ts';
import type { KeyProvider } from '../keys/key-provider.ts';
import type { KeyRing } from '../keys/key-ring.ts';
import type { Config } from '../process/config.ts';
import type { Database } from '../storage/database.ts';

/** Where a command writes. */
export interface TextTarget {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string): unknown;
}

/** The database that a command works on. */
export interface Connection {
  readonly database: Database;
  /** Where the Temporal of the servers on this database is. */
  readonly temporal: {
    readonly address: string;
    readonly namespace: string;
    readonly options: ConnectionOptions;
  };
  /** Where webhooks may go, as for the servers on this database. */
  readonly webhooks: Pick<Config['webhooks'], 'destinations'>;
  /** Resolves when the Temporal server that belongs to it answers; bounded in time. */
  checkTemporal(): Promise<void>;
  /**
   * Keys the hashes of API keys.
   *
   * @throws {UsageError} it is not configured.
   */
  hashSecret(): string;
  /**
   * Opens payloads of Temporal, and seals them.
   *
   * @throws {UsageError} they are not configured.
   */
  encryptionKeys(): KeyRing;
  /**
   * Wraps the data keys of what stands in Postgres.
   *
   * @throws {UsageError} they are not configured.
   */
  masterKeys(): KeyProvider;
}

/** What commands get from the process that they run in. */
export interface CliContext {
  readonly stdin: Readable;
  readonly stdout: TextTarget;
  readonly stderr: TextTarget;
  /** Who uses the command line, and on which machine. */
  readonly operator: AuditSource & { readonly source: string };
  /** Tells what the command turned out to be about, for the audit log, where its arguments do not. */
  about(subject: AuditSubject): void;
  /** The path of a file as the person means it. */
  resolveFile(name: string): string;
  /** A variable that the command line names. */
  variable(name: string): string | undefined;
  /**
   * The database; the first call says on stderr which one it is.
   *
   * @throws {UsageError} the configuration is malformed.
   * @throws {NoDatabaseError} there is none.
   */
  connect(): Connection;
  /** Aborts when the person ends the command; for those that run until then. */
  readonly stopping: AbortSignal;
}
