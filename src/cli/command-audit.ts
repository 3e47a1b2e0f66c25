import type { Command } from 'commander';
import type { AuditSubject } from '../audit/record-audit.ts';

/** When a command's row of the audit log is written. */
export type Moment =
  /** It reads: when it is done, before any of its output is shown. */
  | 'read'
  /** It changes something: when it is done. */
  | 'change'
  /** It shows things as they come: before it begins. */
  | 'stream'
  /** It changes something, and the transaction that does holds the row; a failure gets one afterwards. */
  | 'transaction';

/** What a command is called in the audit log, or why it has nothing to be recorded. */
export type CommandAudit = RecordedCommand | { readonly none: string };

/** A command that is recorded. */
export interface RecordedCommand {
  readonly action: string;
  readonly moment: Moment;
  /** What it is about, as its arguments and options say; `--org` is known without it. */
  readonly subject: (args: readonly string[], options: NamingOptions) => AuditSubject;
}

/** The options that name what a command is about. */
export interface NamingOptions {
  readonly org?: string;
  readonly order?: string;
  /** Who the person says they are. */
  readonly by?: string;
}

const DECLARED = new WeakMap<Command, CommandAudit>();

/** Says what a command is called in the audit log. One that says nothing does not run. */
export function recorded(
  command: Command,
  action: string,
  moment: Moment,
  subject: RecordedCommand['subject'] = () => ({}),
): void {
  DECLARED.set(command, { action, moment, subject });
}

/** Says why a command has nothing to be recorded. */
export function unrecorded(command: Command, none: string): void {
  DECLARED.set(command, { none });
}

/** What a command said; undefined when it said nothing. */
export function auditOf(command: Command): CommandAudit | undefined {
  return DECLARED.get(command);
}

/** The subject of a command whose first argument is an order's id. */
export const firstIsOrder: RecordedCommand['subject'] = ([orderId]) => ({ orderId });

/** The subject of a command that has `--order`. */
export const optionIsOrder: RecordedCommand['subject'] = (_args, { order }) => ({ orderId: order });
