import path from 'node:path';
import { cacheFolder } from '../../sandbox/folders.ts';

/** The folder of what is slow to make for containers: a root of Debian, packages of npm. */
export function dockerCache(): string {
  return path.join(cacheFolder(process.env), 'docker');
}
