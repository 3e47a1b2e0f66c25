import { CaseFileError } from '../cases/import-cases.ts';
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

/** What the exit codes mean; `--help` shows them. */
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

/** The command line, a file that it names or the configuration is wrong; `message` says what. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** There is no database to work on; `message` says what helps. */
export class NoDatabaseError extends Error {
  override readonly name = 'NoDatabaseError';
}

/** What a command did stands, and its row of the audit log does not. */
export class NotRecordedError extends Error {
  override readonly name = 'NotRecordedError';

  /** @param code of the error that kept it from being recorded. */
  constructor(code: string) {
    super(`done, but not recorded in the audit log: ${code}`);
  }
}

/** How a command that failed ends. */
export interface Failure {
  readonly exitCode: ExitCode;
  /** For people: what is wrong and what helps; several lines for a file. */
  readonly message: string;
}

/** SQLSTATE of a login that is refused and of a database that is missing. */
const REFUSED = /^(28...|3D000)$/;
/** SQLSTATE of a table or column that is missing. */
const OLD_SCHEMA = /^42(P01|703)$/;

/**
 * Turns what a command threw into its end.
 *
 * @param help.connect what helps when Postgres does not answer or refuses us.
 * @param help.migrate how to bring the schema up to date.
 */
export function failureOf(error: unknown, help: { connect: string; migrate: string }): Failure {
  if (error instanceof CaseFileError) {
    return {
      exitCode: error.kind === 'foreign' ? EXIT.conflict : EXIT.usage,
      message: describeFile(error),
    };
  }
  if (error instanceof UsageError || error instanceof InvalidEndpointError) {
    return { exitCode: EXIT.usage, message: error.message };
  }
  if (error instanceof UnknownIdError) return { exitCode: EXIT.notFound, message: error.message };
  if (error instanceof EndpointNotFoundError) {
    const message = `there is no ${error.what} of this id in this organization`;
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
    return { exitCode: EXIT.usage, message: "ENCRYPTION_KEYS is required: the servers' own" };
  }
  if (error instanceof NotRecordedError) return { exitCode: EXIT.failed, message: error.message };
  if (error instanceof KeyMissingError || error instanceof KeyServiceError) {
    return { exitCode: EXIT.failed, message: error.message };
  }
  if (error instanceof NoDatabaseError) return { exitCode: EXIT.database, message: error.message };
  const code = codeOf(error);
  if (isDatabaseUnavailable(error)) {
    return {
      exitCode: EXIT.database,
      message: `the database does not serve: ${code}; ${help.connect}`,
    };
  }
  if (REFUSED.test(code)) {
    return {
      exitCode: EXIT.database,
      message: `the database refuses us: ${code}; ${help.connect}`,
    };
  }
  if (OLD_SCHEMA.test(code)) {
    return { exitCode: EXIT.database, message: `the schema is not current; ${help.migrate}` };
  }
  // The message might quote what a query was given.
  return { exitCode: EXIT.failed, message: `failed: ${code}${framesOf(error)[0] ?? ''}` };
}

function describeFile({ faults, total }: CaseFileError): string {
  const lines = faults.map(({ line, rule }) => `line ${line}: ${rule}`);
  if (total > faults.length) lines.push(`and ${total - faults.length} more lines`);
  return [...lines, 'nothing was imported'].join('\n');
}
