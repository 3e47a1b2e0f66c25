import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, renameSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { takeLock } from './file-lock.mjs';
import { readSecretsFile, type Secrets } from './secrets.ts';
import { errorCode, StackError } from './stack-error.ts';

/** The folder that holds everything of one stack, locked for this process. */
export interface DataFolder {
  readonly path: string;
  readonly secrets: Secrets;
  /** A folder inside it, made when it is missing, for its owner alone. */
  folder(name: string): string;
  release(): void;
}

/**
 * Opens `DATA_DIR` for one stack: makes it, locks it, reads or makes its secrets.
 *
 * @throws {StackError} it cannot be written, or a live stack uses it.
 */
export function openDataFolder(given: string): DataFolder {
  const dataDir = path.resolve(given);
  const lock = writing(dataDir, () => {
    makeFolder(dataDir);
    return takeLock(path.join(dataDir, 'lock'));
  });
  if ('heldBy' in lock) {
    throw new StackError(
      `a stack with process id ${lock.heldBy} already runs on DATA_DIR ${dataDir}; stop it, or set DATA_DIR to another folder`,
    );
  }
  try {
    return {
      path: dataDir,
      secrets: writing(dataDir, () => readSecrets(path.join(dataDir, 'secrets.json'))),
      folder: (name) =>
        writing(dataDir, () => {
          const inside = path.join(dataDir, name);
          mkdirSync(inside, { recursive: true, mode: 0o700 });
          return inside;
        }),
      release: () => lock.release(),
    };
  } catch (error) {
    lock.release();
    throw error;
  }
}

/**
 * Makes a folder and those above it. Node's own `recursive` never returns below `/proc`, where the
 * system says that a parent which is there is missing.
 */
function makeFolder(folder: string): void {
  if (existsSync(folder)) return;
  makeFolder(path.dirname(folder));
  mkdirSync(folder);
}

function readSecrets(file: string): Secrets {
  if (!existsSync(file)) {
    const secret = () => randomBytes(24).toString('hex');
    const made: Secrets = {
      postgresPassword: secret(),
      hashSecret: secret(),
      codecToken: secret(),
      encryptionKeys: `sandbox-1:${randomBytes(32).toString('base64')}`,
    };
    // Renamed into place, so that a crash leaves all of it or none.
    writeFileSync(`${file}.new`, JSON.stringify(made), { mode: 0o600 });
    renameSync(`${file}.new`, file);
    return made;
  }
  return readSecretsFile(file);
}

function writing<T>(dataDir: string, run: () => T): T {
  try {
    return run();
  } catch (error) {
    if (error instanceof StackError) throw error;
    throw new StackError(
      `DATA_DIR ${dataDir} cannot be written (${errorCode(error)}); set DATA_DIR to a folder that can`,
    );
  }
}
