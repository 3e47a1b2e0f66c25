/**
 * Takes a lock that is represented by a file. The lock of a dead process counts as free, also when
 * another process has the same pid by now.
 *
 * @param path the path of the lock file, in an existing folder.
 * @returns `release` when this process got the lock, else the pid of the running process that holds it.
 * @throws a file system error when the folder cannot be written.
 */
export function takeLock(path: string): { release(): void } | { heldBy: number };
