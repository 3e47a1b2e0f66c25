// Renders the Helm chart with its own values and with the example's, and decodes each object strictly with the types of
// Kubernetes:
//   npm run test:helm
// Needs Go; the first run builds the checker in a few minutes. The last line is the number of objects of each run.

import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const PROJECT = fileURLToPath(new URL('..', import.meta.url));
const CHART = path.join(PROJECT, 'deploy/helm/rx-orders');
const EXAMPLE = path.join(PROJECT, 'deploy/helm/example-values.yaml');
/** The chart refuses to install without a place for documents. */
const LEAST = path.join(PROJECT, 'deploy/helm/least-values.yaml');

const folder = mkdtempSync(path.join(tmpdir(), 'rx-helm-'));
try {
  const program = path.join(folder, 'helm-check');
  run('go', ['build', '-trimpath', '-buildvcs=false', '-o', program, '.'], {
    cwd: path.join(PROJECT, 'tools/helm-check'),
  });
  const counts = [[LEAST], [EXAMPLE]].map((values) => {
    const text = run(program, [CHART, ...values]);
    return text.split('\n').filter((line) => line.startsWith('kind: ')).length;
  });
  expectRefusal(
    program,
    'a misspelled field',
    'templates/_helpers.tpl',
    'readOnlyRootFilesystem',
    'readOnlyRootFileSystem',
  );
  expectRefusal(
    program,
    'a secret among the variables',
    'values.yaml',
    'env:\n',
    'env:\n  HASH_SECRET: clear\n',
  );
  console.log(JSON.stringify({ least: counts[0], example: counts[1], refused: 2 }));
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
}

/** Checks that the checker refuses a chart with a mistake, since a checker that accepts everything looks the same. */
function expectRefusal(program, mistake, file, right, wrong) {
  const chart = path.join(folder, 'chart');
  cpSync(CHART, chart, { recursive: true });
  const text = readFileSync(path.join(chart, file), 'utf8');
  writeFileSync(path.join(chart, file), text.replace(right, wrong));
  const { status } = spawnSync(program, [chart, EXAMPLE]);
  rmSync(chart, { recursive: true });
  if (!text.includes(right) || status === 0) throw new Error(`the checker accepts ${mistake}`);
}

function run(command, args, options = {}) {
  const result = spawnSync(command, args, { encoding: 'utf8', ...options });
  if (result.status === 0) return result.stdout;
  throw new Error(result.error?.message ?? result.stderr);
}
