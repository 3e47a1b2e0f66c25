import { spawn } from 'node:child_process';
import { mkdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { takeLock } from '../../sandbox/file-lock.mjs';

const WAIT_MS = 500;

/**
 * Runs `npm ci` when the installed packages differ from the lock file. When two processes need it at the
 * same time, one installs and the other waits. Messages go to stderr.
 *
 * @param {string} root the project's folder.
 * @returns {Promise<boolean>} false when the installation failed; the reason was printed.
 */
export async function installWhenStale(root) {
  if (isInstalled(root)) return true;
  const lock = await waitForLock(root);
  if (lock === undefined) return false;
  try {
    if (isInstalled(root)) return true;
    console.error('installing the packages of package-lock.json (npm ci)');
    return await npmCi(root);
  } finally {
    lock.release();
  }
}

/**
 * npm writes `node_modules/.package-lock.json` at the end of an installation, so the file is missing
 * after an interrupted one. It lists the installed packages, without those for other platforms.
 */
function isInstalled(root) {
  try {
    const wanted = packagesOf(path.join(root, 'package-lock.json'));
    const present = packagesOf(path.join(root, 'node_modules', '.package-lock.json'));
    delete wanted[''];
    const same = (name) =>
      wanted[name].version === present[name].version &&
      wanted[name].integrity === present[name].integrity;
    return (
      Object.keys(present).every((name) => wanted[name] !== undefined) &&
      Object.keys(wanted).every((name) =>
        present[name] === undefined ? wanted[name].optional === true : same(name),
      )
    );
  } catch {
    return false;
  }
}

function packagesOf(file) {
  return JSON.parse(readFileSync(file, 'utf8')).packages;
}

async function waitForLock(root) {
  // The lock is in the data folder, because `npm ci` empties node_modules.
  const folder = path.join(root, '.data');
  try {
    mkdirSync(folder, { recursive: true });
    for (let notified = false; ; notified = true) {
      const lock = takeLock(path.join(folder, 'install.lock'));
      if (lock.release !== undefined) return lock;
      if (!notified) console.error(`waiting for process ${lock.heldBy}, which is running npm ci`);
      await sleep(WAIT_MS);
    }
  } catch (error) {
    console.error(
      `${folder} cannot be written (${error.code}); make the project's folder writable`,
    );
    return undefined;
  }
}

/** npm's output goes to stderr too. Signals that stop this process are forwarded to npm. */
function npmCi(root) {
  return new Promise((resolve) => {
    const child = spawn('npm', ['ci', '--no-audit', '--no-fund'], {
      cwd: root,
      stdio: ['ignore', process.stderr, process.stderr],
      shell: process.platform === 'win32',
    });
    const pass = (signal) => child.kill(signal);
    const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'];
    for (const signal of signals) process.on(signal, pass);
    const end = (ok, why) => {
      for (const signal of signals) process.off(signal, pass);
      if (!ok) console.error(`npm ci failed (${why}); run it yourself for the details`);
      resolve(ok);
    };
    child.once('error', (error) => end(false, error.code));
    child.once('exit', (code, signal) => end(code === 0, signal || `exit code ${code}`));
  });
}
