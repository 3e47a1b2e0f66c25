import type { Command } from 'commander';
import type { ObjectKind, OperatorSubject } from '../audit/record-audit.ts';

/** When the audit log records a command. */
export type Moment =
  /** A command that reads is recorded after it ran, before its output is shown. */
  | 'read'
  /** A command that changes something is recorded after it ran. */
  | 'change'
  /** A command with continuous output is recorded before it runs. */
  | 'stream'
  /** The command's own transaction records it; only a failure is recorded afterwards. */
  | 'transaction';

/** A command's action in the audit log, or the reason why it is not recorded. */
export type CommandAudit = RecordedCommand | { readonly none: string };

/** A command that is recorded. */
export interface RecordedCommand {
  readonly action: string;
  readonly moment: Moment;
  /** Returns the subject from arguments and options; the value of `--org` is added automatically. */
  readonly subject: (args: readonly string[], options: NamingOptions) => OperatorSubject;
}

/** The options that name the subject or the actor of a command. */
export interface NamingOptions {
  readonly org?: string;
  readonly order?: string;
  /** The operator's name, as they state it. */
  readonly by?: string;
}

const DECLARED = new WeakMap<Command, CommandAudit>();

/** Declares a command's action in the audit log. A command without a declaration does not run. */
export function recorded(
  command: Command,
  action: string,
  moment: Moment,
  subject: RecordedCommand['subject'] = () => ({}),
): void {
  DECLARED.set(command, { action, moment, subject });
}

/** Declares that a command is not recorded, and why. */
export function unrecorded(command: Command, none: string): void {
  DECLARED.set(command, { none });
}

/** Returns a command's declaration; undefined when it has none. */
export function auditOf(command: Command): CommandAudit | undefined {
  return DECLARED.get(command);
}

/** Returns the subject of a command whose first argument is an order's id. */
export const firstIsOrder: RecordedCommand['subject'] = ([orderId]) => ({ orderId });

/** Returns the subject of a command with the option `--order`. */
export const optionIsOrder: RecordedCommand['subject'] = (_args, { order }) => ({ orderId: order });

/** Returns what the first argument of a command is the id of. */
export function firstIs(kind: ObjectKind): RecordedCommand['subject'] {
  return ([id]) => (id === undefined ? {} : { requestId: `${kind}/${id}` });
}
