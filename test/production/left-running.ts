import { readdir } from 'node:fs/promises';
import { commandLine } from '../../sandbox/process-table.mjs';

/** The processes whose command line names one of the folders, such as `1234 postgres -D …`; on Linux only. */
export async function leftRunning(folders: readonly string[]): Promise<string[]> {
  const pids = (await readdir('/proc')).map(Number).filter((pid) => pid > 0 && pid !== process.pid);
  return pids
    .map((pid) => `${pid} ${commandLine(pid)}`)
    .filter((line) => folders.some((folder) => line.includes(folder)));
}
