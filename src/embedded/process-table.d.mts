/**
 * Tells one process from every other, earlier or later, that has the same pid: when it started.
 *
 * @returns undefined when no such process runs; one that is dead but not collected does not run.
 */
export function identify(pid: number): string | undefined;

/** Sends a signal; false when there is nothing to send it to. A negative pid means a process group. */
export function signalProcess(pid: number, signal: NodeJS.Signals | 0): boolean;

/** Kills what is left of the process group that `pid` leads, or led until a moment ago. */
export function killGroup(pid: number): void;

/**
 * Ends a process group: asks its leader, waits, kills whatever is left of the group.
 *
 * @param limitMs how long the leader may take, in milliseconds.
 */
export function endGroup(pid: number, signal: NodeJS.Signals, limitMs: number): Promise<void>;
