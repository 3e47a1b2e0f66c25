import type { Command } from 'commander';
import { type OperatorSubject, recordAudit } from '../audit/record-audit.ts';
import { codeOf } from '../lib/safe-error.ts';
import { isUuid } from '../lib/uuid.ts';
import type { Sql } from '../storage/database.ts';
import { auditOf, type NamingOptions, type RecordedCommand } from './command-audit.ts';
import { EXIT, type ExitCode, NotRecordedError } from './command-errors.ts';
import type { CliContext, Connection } from './context.ts';
import { holdOutput } from './held-output.ts';

/** The result in the audit log for each exit code. Without a database nothing is recorded. */
const RESULTS: Readonly<Record<ExitCode, string | undefined>> = {
  [EXIT.ok]: 'OK',
  [EXIT.failed]: 'FAILED',
  [EXIT.usage]: 'INVALID',
  [EXIT.notFound]: 'NOT_FOUND',
  [EXIT.conflict]: 'CONFLICT',
  [EXIT.database]: undefined,
  [EXIT.temporal]: 'TEMPORAL_UNAVAILABLE',
};

/** Records the running command in the audit log, according to its declaration ({@link auditOf}). */
export interface Recorder {
  /** The context for commands. It holds back their output until the command is recorded. */
  readonly context: CliContext;
  /** Called before the command runs. */
  begin(command: Command): Promise<void>;
  /**
   * Called after a command that succeeded.
   *
   * @throws {NotRecordedError} the command made a change, which remains, but it cannot be recorded.
   * @throws the error of the recording, when the command only read; its output is then discarded.
   */
  done(exitCode: ExitCode): Promise<void>;
  /** Called after a command that threw. Never rejects, so that the command's own error is reported. */
  failed(exitCode: ExitCode): Promise<void>;
}

/** Creates the recorder for one run of `rx`. */
export function createRecorder(outer: Omit<CliContext, 'about'>): Recorder {
  const output = holdOutput(outer.stdout);
  let running: { command: Command; audit: RecordedCommand } | undefined;
  let connection: Connection | undefined;
  let reported: OperatorSubject = {};
  const context: CliContext = {
    ...outer,
    stdout: output,
    connect: async () => (connection = await outer.connect()),
    about(subject) {
      reported = { ...reported, ...subject };
    },
  };

  /** Skips a command that never connected to the database, because it had no access to patient data. */
  async function record(exitCode: ExitCode): Promise<void> {
    const result = RESULTS[exitCode];
    if (running === undefined || connection === undefined || result === undefined) return;
    const { command, audit } = running;
    const options = command.opts<NamingOptions>();
    const subject = {
      organizationId: options.org,
      ...audit.subject(command.args, options),
      ...reported,
    };
    const { operator } = context;
    await recordAudit(connection.database, {
      ...{ ...operator, actor: options.by ?? operator.actor },
      ...(await subjectOf(connection.database, subject, exitCode)),
      ...{ action: audit.action, result },
    });
  }

  return {
    context,
    async begin(command) {
      const audit = auditOf(command);
      if (audit === undefined) throw new Error('the command declares nothing for the audit log');
      if ('action' in audit) running = { command, audit };
      if ('action' in audit && audit.moment !== 'stream') return;
      if (running !== undefined) {
        await context.connect();
        await record(EXIT.ok);
      }
      output.release();
    },
    async done(exitCode) {
      const moment = running?.audit.moment;
      try {
        if (moment === 'read' || moment === 'change') await record(exitCode);
      } catch (error) {
        running = undefined;
        if (moment === 'read') {
          output.drop();
          throw error;
        }
        output.release();
        throw new NotRecordedError(codeOf(error));
      }
      output.release();
    },
    async failed(exitCode) {
      await record(exitCode).catch(() => undefined);
      output.release();
    },
  };
}

/** Records only well-formed ids of objects that were not found, because users can type any text. */
async function subjectOf(
  sql: Sql,
  { organizationId, caseId, orderId, requestId }: OperatorSubject,
  exitCode: ExitCode,
): Promise<OperatorSubject> {
  const uuid = (id: string | undefined) => (id !== undefined && isUuid(id) ? id : undefined);
  const order = uuid(orderId);
  const isFound = exitCode === EXIT.ok || isUuid(requestId?.replace(/^\w+\//, '') ?? '');
  const [owner] =
    order === undefined
      ? []
      : await sql<{ organizationId: string; caseId: string }[]>`
          SELECT organization_id, case_id FROM orders WHERE id = ${order}`;
  return {
    organizationId: uuid(organizationId) ?? owner?.organizationId,
    caseId: (exitCode === EXIT.ok ? caseId : uuid(caseId)) ?? owner?.caseId,
    orderId: order,
    ...(isFound && { requestId }),
  };
}
