import { writeFile } from 'node:fs/promises';

const INTERVAL_MS = 5_000;

/**
 * Writes a file every few seconds while `isAlive` says so; its age tells a container's health check
 * whether the process still works.
 *
 * @returns ends it.
 */
export function startHeartbeatFile(file: string, isAlive: () => boolean): () => void {
  const beat = () => {
    // A full disk shows in the file's age, which is what it is for.
    if (isAlive()) writeFile(file, `${new Date().toISOString()}\n`).catch(() => undefined);
  };
  beat();
  const timer = setInterval(beat, INTERVAL_MS);
  return () => clearInterval(timer);
}
