/**
 * Returns a string that distinguishes a process from earlier and later processes with the same pid. It
 * is derived from the start time.
 *
 * @returns undefined when no such process runs; a zombie does not run.
 */
export function identify(pid: number): string | undefined;

/** Returns the pid of a process's parent; 0 when there is no such process. */
export function parentOf(pid: number): number;

/** Returns the command line of a process; empty when there is no such process, or it is not readable. */
export function commandLine(pid: number): string;

/** Sends a signal; returns false when there is no such process. A negative pid means a process group. */
export function signalProcess(pid: number, signal: NodeJS.Signals | 0): boolean;

/** Kills the remaining processes of the group that `pid` leads, or led until it ended. */
export function killGroup(pid: number): void;

/**
 * Ends a process group: sends a signal to its leader, waits for the leader, then kills the rest of the
 * group. Does nothing when another process has the leader's pid by now.
 *
 * @param leader the leader's pid, and the result of {@link identify} from a time when it was running.
 * @param limitMs how long the leader may take, in milliseconds, before it is killed too.
 */
export function endGroup(
  leader: { readonly pid: number; readonly identity: string | undefined },
  signal: NodeJS.Signals,
  limitMs: number,
): Promise<void>;
