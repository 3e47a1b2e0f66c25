import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { installWhenStale } from './install.mjs';

/**
 * Installs what is missing and turns this process into the program.
 *
 * @param {string} root the project's folder.
 * @param {string[]} argv the program, with what it is given.
 */
export async function run(root, [program, ...args]) {
  if (program === undefined) {
    console.error('usage: node scripts/bootstrap.mjs <program> [arguments]');
    process.exit(1);
  }
  process.chdir(root);
  if (!(await installWhenStale(root))) process.exit(1);

  // tsx and others keep files in the folder for temporary ones; nothing is to be left outside this
  // project. `sandbox/folders.ts` names the same folder.
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
  // In this process, so that signals and the exit code have nobody to go through.
  process.argv = [process.argv[0], fileURLToPath(main), ...args];
  await import(main.href);
}
