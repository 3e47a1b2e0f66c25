import os from 'node:os';
import type { AuditSource } from '../audit/record-audit.ts';

/**
 * Who uses the command line, and on which machine.
 *
 * @param name the variable `RX_OPERATOR`: where many share an account, as in a container. Without it,
 *   the account's name.
 */
export function operatorOf(name: string | undefined): AuditSource & { readonly source: string } {
  const actor = name?.trim() || accountName();
  return { actorKind: 'operator', actor, source: os.hostname() };
}

function accountName(): string {
  try {
    return os.userInfo().username;
  } catch {
    // A container may run under a number that no account has.
    return `uid ${process.getuid?.() ?? 'unknown'}`;
  }
}
