/**
 * Takes the lock that a file stands for. A lock whose holder is dead counts as free, a reused pid
 * included.
 *
 * @param path the lock's file; its folder exists.
 * @returns `release` when the lock is ours, or the pid of the live process that holds it.
 * @throws a file system's error when the folder cannot be written.
 */
export function takeLock(path: string): { release(): void } | { heldBy: number };
