/**
 * Tells one process from every other, earlier or later, that has the same pid: when it started.
 *
 * @returns undefined when no such process runs; one that is dead but not collected does not run.
 */
export function identify(pid: number): string | undefined;

/** The pid of a process's parent; 0 when there is no such process. */
export function parentOf(pid: number): number;

/** The command line of a process; empty when there is no such process, or it may not be seen. */
export function commandLine(pid: number): string;

/** Sends a signal; false when there is nothing to send it to. A negative pid means a process group. */
export function signalProcess(pid: number, signal: NodeJS.Signals | 0): boolean;

/** Kills what is left of the process group that `pid` leads, or led until a moment ago. */
export function killGroup(pid: number): void;

/**
 * Ends a process group: asks its leader, waits, kills whatever is left of the group. Does nothing when
 * another process has the leader's pid by now.
 *
 * @param leader its pid, and what {@link identify} said of it while it was known to run.
 * @param limitMs how long the leader may take, in milliseconds.
 */
export function endGroup(
  leader: { readonly pid: number; readonly identity: string | undefined },
  signal: NodeJS.Signals,
  limitMs: number,
): Promise<void>;
