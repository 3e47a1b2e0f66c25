// Compiles the server, the simulator and the packages:
//   npm run build               into dist/ and packages/*/dist/
//   node scripts/build.mjs DIR  into DIR/dist/ and DIR/packages/*/dist/

import { execFileSync } from 'node:child_process';
import { cpSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const project = fileURLToPath(new URL('..', import.meta.url));
const target = path.resolve(process.argv[2] ?? project);

/** Files that the server reads when it runs, and that the compiler does not copy. */
const READ_AT_RUN_TIME = [
  'src/storage/migrations',
  'src/http/docs/assets',
  'src/http/console/assets',
];

function compile(config, folder) {
  // A file whose source was removed must not be published.
  rmSync(folder, { recursive: true, force: true });
  const tsc = path.join(project, 'node_modules/typescript/bin/tsc');
  execFileSync(process.execPath, [tsc, '-p', path.join(project, config), '--outDir', folder], {
    stdio: 'inherit',
  });
}

/** The commit of the sources, with `-dirty` if they differ from it; empty outside a git checkout. */
function commit() {
  const describe = ['describe', '--always', '--dirty', '--abbrev=12', '--exclude=*'];
  try {
    const options = { cwd: project, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] };
    return execFileSync('git', describe, options).trim();
  } catch {
    return '';
  }
}

compile('tsconfig.build.json', path.join(target, 'dist'));
for (const folder of READ_AT_RUN_TIME) {
  cpSync(path.join(project, folder), path.join(target, 'dist', folder), { recursive: true });
}
// Workers report it in Temporal's histories (src/process/build-id.ts).
writeFileSync(path.join(target, 'dist/src/commit.txt'), commit());

// Workers load it, so that they need neither the time nor the memory to bundle (src/temporal/workflow-bundle.ts).
const printer = ['--import', 'tsx', 'src/temporal/print-workflow-bundle.ts'];
const bundle = execFileSync(process.execPath, printer, {
  cwd: project,
  maxBuffer: 64 * 1024 * 1024,
});
writeFileSync(path.join(target, 'dist/src/workflow-bundle.js'), bundle);

for (const name of readdirSync(path.join(project, 'packages'))) {
  compile(`packages/${name}`, path.join(target, 'packages', name, 'dist'));
}
