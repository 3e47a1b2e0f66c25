import type { Command } from 'commander';
import { type AuditSubject, recordAudit } from '../audit/record-audit.ts';
import { codeOf } from '../lib/safe-error.ts';
import { isUuid } from '../lib/uuid.ts';
import type { Sql } from '../storage/database.ts';
import { auditOf, type NamingOptions, type RecordedCommand } from './command-audit.ts';
import { EXIT, type ExitCode, NotRecordedError } from './command-errors.ts';
import type { CliContext, Connection } from './context.ts';
import { holdOutput } from './held-output.ts';

/** What a command's end is called in the audit log. Without a database nothing is recorded. */
const RESULTS: Readonly<Record<ExitCode, string | undefined>> = {
  [EXIT.ok]: 'OK',
  [EXIT.failed]: 'FAILED',
  [EXIT.usage]: 'INVALID',
  [EXIT.notFound]: 'NOT_FOUND',
  [EXIT.conflict]: 'CONFLICT',
  [EXIT.database]: undefined,
  [EXIT.temporal]: 'TEMPORAL_UNAVAILABLE',
};

/** Records the command that runs, by what it says of itself ({@link auditOf}). */
export interface Recorder {
  /** What commands get: their output is held back until it may be shown. */
  readonly context: CliContext;
  /** Before the command. */
  begin(command: Command): Promise<void>;
  /**
   * After the command, when it threw nothing.
   *
   * @throws {NotRecordedError} it did something, which stays done, and it cannot be recorded.
   * @throws what recording threw, when it only read: its output is not shown.
   */
  done(exitCode: ExitCode): Promise<void>;
  /** After the command, when it threw. Never throws: the failure is to be told as it is. */
  failed(exitCode: ExitCode): Promise<void>;
}

/** Makes the recorder of one run. */
export function createRecorder(outer: Omit<CliContext, 'about'>): Recorder {
  const output = holdOutput(outer.stdout);
  let running: { command: Command; audit: RecordedCommand } | undefined;
  let connection: Connection | undefined;
  let told: AuditSubject = {};
  const context: CliContext = {
    ...outer,
    stdout: output,
    connect: () => (connection = outer.connect()),
    about(subject) {
      told = { ...told, ...subject };
    },
  };

  /** Nothing to do for a command that came near no database: it came near no patient data either. */
  async function record(exitCode: ExitCode): Promise<void> {
    const result = RESULTS[exitCode];
    if (running === undefined || connection === undefined || result === undefined) return;
    const { command, audit } = running;
    const options = command.opts<NamingOptions>();
    const said = { organizationId: options.org, ...audit.subject(command.args, options), ...told };
    const { operator } = context;
    await recordAudit(connection.database, {
      ...{ ...operator, actor: options.by ?? operator.actor },
      ...(await subjectOf(connection.database, said, exitCode)),
      ...{ action: audit.action, result },
    });
  }

  return {
    context,
    async begin(command) {
      const audit = auditOf(command);
      if (audit === undefined) throw new Error('a command without a word for the audit log');
      if ('action' in audit) running = { command, audit };
      if ('action' in audit && audit.moment !== 'stream') return;
      if (running !== undefined) {
        context.connect();
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

/** What is typed and is not there may be any text: only ids of our form are kept of it. */
async function subjectOf(
  sql: Sql,
  { organizationId, caseId, orderId }: AuditSubject,
  exitCode: ExitCode,
): Promise<AuditSubject> {
  const uuid = (id: string | undefined) => (id !== undefined && isUuid(id) ? id : undefined);
  const order = uuid(orderId);
  const [owner] =
    order === undefined
      ? []
      : await sql<{ organizationId: string; caseId: string }[]>`
          SELECT organization_id, case_id FROM orders WHERE id = ${order}`;
  return {
    organizationId: uuid(organizationId) ?? owner?.organizationId,
    caseId: (exitCode === EXIT.ok ? caseId : uuid(caseId)) ?? owner?.caseId,
    orderId: order,
  };
}
