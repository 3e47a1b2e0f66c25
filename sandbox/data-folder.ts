import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';
import { takeLock } from './file-lock.mjs';
import { errorCode, StackError } from './stack-error.ts';

/** The sandbox's own secrets, generated once for each data folder. */
export interface Secrets {
  readonly postgresPassword: string;
  readonly hashSecret: string;
  /** A key ring of one key. */
  readonly encryptionKeys: string;
  /** The password of the codec server's login page. */
  readonly codecToken: string;
}

const secretsSchema = z.object({
  postgresPassword: z.string().min(16),
  hashSecret: z.string().min(16),
  encryptionKeys: z.string().min(44),
  codecToken: z.string().min(16),
});

/** Reads the secrets of a data folder. @throws {StackError} the file is missing or malformed. */
function readSecretsFile(file: string): Secrets {
  try {
    return secretsSchema.parse(JSON.parse(readFileSync(file, 'utf8')));
  } catch {
    throw new StackError(
      `${file} cannot be read; restore it, or delete DATA_DIR to start with an empty sandbox`,
    );
  }
}

/** How `rx` connects to a running sandbox. `src/cli/sandbox-connection.ts` reads the same fields. */
export interface SandboxConnection {
  /** Logs in with the operators' role. */
  readonly databaseUrl: string;
  readonly temporalAddress: string;
  readonly temporalNamespace: string;
  readonly hashSecret: string;
  readonly encryptionKeys: string;
  readonly consoleUrl: string;
}

/** The folder that holds all data of one stack, locked for this process. */
export interface DataFolder {
  readonly path: string;
  readonly secrets: Secrets;
  /** Returns the path of a folder inside it, created with mode 0700 when it is missing. */
  folder(name: string): string;
  /** Writes how `rx` connects to this stack to a file that only its owner can read (mode 0600). */
  writeConnection(connection: SandboxConnection): void;
  release(): void;
}

/**
 * Opens `DATA_DIR` for one stack: creates the folder, locks it, and reads or generates its secrets.
 *
 * @throws {StackError} the folder cannot be written, or another running stack uses it.
 */
export function openDataFolder(given: string): DataFolder {
  const dataDir = path.resolve(given);
  const lock = writing(dataDir, () => {
    makeFolder(dataDir);
    return takeLock(path.join(dataDir, 'lock'));
  });
  if ('heldBy' in lock) {
    throw new StackError(
      `process ${lock.heldBy} already runs a sandbox on DATA_DIR ${dataDir}; stop that process, or set DATA_DIR to another folder`,
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
      writeConnection: (connection) =>
        writing(dataDir, () => writeWhole(path.join(dataDir, 'connection.json'), connection)),
      release: () => lock.release(),
    };
  } catch (error) {
    lock.release();
    throw error;
  }
}

/**
 * Creates a folder and its parents. Node's own `recursive` option loops forever below `/proc`, where
 * the system reports an existing parent as missing.
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
    writeWhole(file, made);
    return made;
  }
  return readSecretsFile(file);
}

/** Writes a JSON file of mode 0600. The rename makes it atomic: a crash leaves the old file or the new one. */
function writeWhole(file: string, content: object): void {
  writeFileSync(`${file}.new`, JSON.stringify(content), { mode: 0o600 });
  renameSync(`${file}.new`, file);
}

function writing<T>(dataDir: string, run: () => T): T {
  try {
    return run();
  } catch (error) {
    if (error instanceof StackError) throw error;
    throw new StackError(
      `DATA_DIR ${dataDir} cannot be written (${errorCode(error)}); set DATA_DIR to a writable folder`,
    );
  }
}
