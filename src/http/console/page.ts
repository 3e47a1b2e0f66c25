import { randomUUID } from 'node:crypto';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { VNode } from '#jsx/jsx-runtime';
import type { AuditSource, OperatorSubject } from '../../audit/record-audit.ts';
import type { ConsoleRole, ConsoleUser } from '../../operators/console-sessions.ts';

/** A page of the console, or an action that its forms send. */
export interface Page {
  readonly method: 'GET' | 'POST';
  readonly url: string;
  /** The least role that may use it. */
  readonly role: ConsoleRole;
  /**
   * The action, which the audit log records before the answer is sent; or the reason why it records nothing. `refused` is
   * the action of a refusal, for an action that records itself when it is done.
   */
  readonly audit: string | { readonly none: string; readonly refused?: string };
  handle(visit: Visit): Promise<Answer>;
}

/** One request of a user. */
export interface Visit {
  readonly user: ConsoleUser;
  /** The user, for repairs and for the audit log. */
  readonly by: AuditSource & { readonly source: string };
  /** Goes into every form that sends an action. */
  readonly csrf: string;
  readonly params: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
  readonly form: URLSearchParams;
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
  /** Reports the subject for the audit log. */
  about(subject: OperatorSubject): void;
}

/** What a page answers. */
export type Answer =
  | View
  | { readonly redirectTo: string }
  /** Sends something that is no page, once it is recorded. */
  | { readonly send: () => FastifyReply };

/** What stands in the frame of every page. */
export interface View {
  readonly title: string;
  readonly content: VNode;
  /** Makes the parts that take time, and sends each in place of {@link LATER}. */
  readonly later?: (send: (part: VNode) => void) => Promise<void>;
}

/** Where the later parts of a page stand in its content. No text of a client equals it. */
export const LATER = `later ${randomUUID()}`;

/** Whether a role includes another one. */
export function includesRole(role: ConsoleRole, least: ConsoleRole): boolean {
  return RANKS[role] >= RANKS[least];
}

const RANKS: Readonly<Record<ConsoleRole, number>> = { viewer: 0, operator: 1, admin: 2 };

/** A form that no page of the session sent. */
export class ForeignFormError extends Error {
  override readonly name = 'ForeignFormError';
}

/** The organization requires a reason, and the user has stated none within the last hour. */
export class ReasonError extends Error {
  override readonly name = 'ReasonError';
}

/** The role of the user does not include the one that a page needs. */
export class RoleError extends Error {
  override readonly name = 'RoleError';
  readonly role: ConsoleRole;

  constructor(role: ConsoleRole) {
    super(`needs the role ${role}`);
    this.role = role;
  }
}
