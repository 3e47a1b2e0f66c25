import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { installWhenStale } from './install.mjs';

/**
 * Installs missing packages, then runs the program in this process.
 *
 * @param {string} root the project's folder.
 * @param {string[]} argv the program and its arguments.
 */
export async function run(root, [program, ...args]) {
  if (program === undefined) {
    console.error('usage: node scripts/bootstrap.mjs <program> [arguments]');
    process.exit(1);
  }
  process.chdir(root);
  if (!(await installWhenStale(root))) process.exit(1);

  // tsx and others write to the folder for temporary files. It is inside the project, so that no files
  // are left elsewhere. `sandbox/folders.ts` uses the same folder.
  const temporary = path.join(root, 'node_modules', '.cache', 'rx-orders');
  mkdirSync(temporary, { recursive: true });
  process.env.TMPDIR = temporary;

  let main;
  if (program === 'vitest') {
    main = new URL('./vitest.mjs', import.meta.resolve('vitest/package.json'));
  } else {
    main = pathToFileURL(path.join(root, program));
    const { register } = await import('tsx/esm/api');
    register();
  }
  // The program runs in this process, so that no intermediate process has to forward signals and the
  // exit code.
  process.argv = [process.argv[0], fileURLToPath(main), ...args];
  await import(main.href);
}
