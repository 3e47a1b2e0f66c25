import { ArchiveError } from '../audit/archive-file.ts';
import { BackupError } from '../backup/manifest.ts';
import { CaseFileError } from '../cases/import-cases.ts';
import { NoHashSecretError } from '../keys/data-keys.ts';
import { KeyServiceError } from '../keys/key-provider.ts';
import { KeyMissingError } from '../keys/key-ring.ts';
import { OperatorConflictError, UnknownIdError } from '../lib/operator-errors.ts';
import { codeOf, framesOf } from '../lib/safe-error.ts';
import {
  EndpointConflictError,
  EndpointNotFoundError,
  InvalidEndpointError,
} from '../notifications/endpoints/endpoint-errors.ts';
import { RepairRefusedError, TemporalUnavailableError } from '../orders/repairs/repair-errors.ts';
import { isDatabaseUnavailable, NoKeysError } from '../storage/database.ts';

/** The exit codes; `--help` explains them. */
export const EXIT = {
  ok: 0,
  failed: 1,
  usage: 2,
  notFound: 3,
  conflict: 4,
  database: 5,
  temporal: 6,
} as const;

/** One of {@link EXIT}. */
export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** Thrown when the command line, an input file or the configuration is invalid; `message` says how. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** Thrown when there is no database to connect to; `message` says what to do. */
export class NoDatabaseError extends Error {
  override readonly name = 'NoDatabaseError';
}

/** Thrown when the database role lacks the rights of operators, so that it would not see all rows. */
export class NotAnOperatorError extends Error {
  override readonly name = 'NotAnOperatorError';

  /** @param role the role of `DATABASE_URL`. */
  constructor(role: string) {
    super(
      `the database role ${role} lacks the rights of operators and would not see every row: use a login of rx_orders_operator (docs/security.md, “Roles in Postgres”)`,
    );
  }
}

/** Thrown when a command made its change, but the audit log did not record it. */
export class NotRecordedError extends Error {
  override readonly name = 'NotRecordedError';

  /** @param code the code of the error that prevented the recording. */
  constructor(code: string) {
    super(`the change was made, but the audit log could not record it: ${code}`);
  }
}

/** The outcome of a command that failed. */
export interface Failure {
  readonly exitCode: ExitCode;
  /** For people: what is wrong and what to do; several lines for an input file. */
  readonly message: string;
}

/** SQLSTATE of a refused login and of a missing database. */
const REFUSED = /^(28...|3D000)$/;
/** The message when a command needs the encryption keys, and they are not configured. */
export const NO_ENCRYPTION_KEYS = 'ENCRYPTION_KEYS is required: set it to the value of the servers';

/** SQLSTATE of a missing table or column. */
const OLD_SCHEMA = /^42(P01|703)$/;

/**
 * Maps an error of a command to its exit code and message.
 *
 * @param help.connect what to do when Postgres does not answer or rejects the connection.
 * @param help.migrate how to update the schema.
 */
export function failureOf(error: unknown, help: { connect: string; migrate: string }): Failure {
  if (error instanceof CaseFileError) {
    return { exitCode: EXIT.usage, message: describeFile(error) };
  }
  if (error instanceof UsageError || error instanceof InvalidEndpointError) {
    return { exitCode: EXIT.usage, message: error.message };
  }
  if (error instanceof UnknownIdError) return { exitCode: EXIT.notFound, message: error.message };
  if (error instanceof EndpointNotFoundError) {
    const message = `there is no ${error.what} with this id in this organization`;
    return { exitCode: EXIT.notFound, message };
  }
  if (error instanceof OperatorConflictError || error instanceof EndpointConflictError) {
    return { exitCode: EXIT.conflict, message: error.message };
  }
  if (error instanceof RepairRefusedError) {
    const exitCode = error.code === 'INVALID_REPAIR' ? EXIT.usage : EXIT.conflict;
    return { exitCode, message: `${error.message} (${error.code})` };
  }
  if (error instanceof TemporalUnavailableError) {
    return { exitCode: EXIT.temporal, message: error.message };
  }
  if (error instanceof NoKeysError) {
    return { exitCode: EXIT.usage, message: NO_ENCRYPTION_KEYS };
  }
  if (error instanceof NoHashSecretError) {
    return {
      exitCode: EXIT.usage,
      message: 'HASH_SECRET is required: set it to the value of the servers',
    };
  }
  if (error instanceof ArchiveError) return { exitCode: EXIT.failed, message: error.message };
  if (error instanceof BackupError) return { exitCode: EXIT.failed, message: error.message };
  if (error instanceof NotRecordedError) return { exitCode: EXIT.failed, message: error.message };
  if (error instanceof KeyMissingError || error instanceof KeyServiceError) {
    return { exitCode: EXIT.failed, message: error.message };
  }
  if (error instanceof NoDatabaseError || error instanceof NotAnOperatorError)
    return { exitCode: EXIT.database, message: error.message };
  const code = codeOf(error);
  if (isDatabaseUnavailable(error)) {
    return {
      exitCode: EXIT.database,
      message: `the database is unavailable: ${code}; ${help.connect}`,
    };
  }
  if (REFUSED.test(code)) {
    return {
      exitCode: EXIT.database,
      message: `the database rejected the connection: ${code}; ${help.connect}`,
    };
  }
  if (OLD_SCHEMA.test(code)) {
    return {
      exitCode: EXIT.database,
      message: `the database schema is not up to date; ${help.migrate}`,
    };
  }
  // The error's message is left out, because it may contain query parameters.
  return { exitCode: EXIT.failed, message: `failed: ${code}${framesOf(error)[0] ?? ''}` };
}

function describeFile({ faults, total }: CaseFileError): string {
  const lines = faults.map(({ line, rule }) => `line ${line}: ${rule}`);
  if (total > faults.length) lines.push(`and ${total - faults.length} more lines`);
  return [...lines, 'nothing was imported'].join('\n');
}
