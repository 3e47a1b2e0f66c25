import { fileURLToPath } from 'node:url';

const inProject = (name) => fileURLToPath(new URL(`../../${name}`, import.meta.url));
const bin = (name) => inProject(`node_modules/.bin/${name}`);
/** A check that is a program of this folder. */
const script = (name, file, ...args) => {
  return { name, command: process.execPath, args: [...args, inProject(`scripts/verify/${file}`)] };
};
/** Folders whose imports the rules judge. */
const SOURCE_FOLDERS = ['src', 'sandbox', 'simulator', 'packages', 'test', 'examples', 'bench'];

/**
 * A check of `npm run verify`. Exit code 0: passed; {@link SKIPPED}: the check cannot run on this
 * machine, and its output is the reason; any other: failed. `showResult` prints the last line of the
 * output of a check that passed.
 *
 * @typedef {{ name: string, command: string, args: string[], showResult?: boolean }} Check
 */

/** The exit code of a check that cannot run on this machine. */
export const SKIPPED = 3;

/**
 * The checks that read the code without running it, quickest first.
 *
 * @type {Check[]}
 */
export const CHECKS = [
  { name: 'format', command: bin('biome'), args: ['check', '--error-on-warnings', '.'] },
  {
    name: 'import rules',
    command: bin('depcruise'),
    args: ['--config', '.dependency-cruiser.mjs', ...SOURCE_FOLDERS],
  },
  { name: 'dead code', command: bin('knip'), args: ['--no-progress'] },
  { name: 'types', command: bin('tsc'), args: ['--noEmit', '-p', '.'] },
  { name: 'lint', command: bin('eslint'), args: ['.', '--max-warnings', '0'] },
  script('licences', 'licences.mjs'),
  script('pins', 'exact-pins.mjs'),
  script('install scripts', 'install-scripts.mjs'),
  script('vulnerabilities', 'vulnerabilities.mjs'),
  script('SBOM', 'sbom.mjs'),
  script('Dockerfile', 'dockerfile.mjs'),
  script('OpenAPI', 'openapi.mjs', '--import', 'tsx'),
  {
    name: 'compose file',
    command: process.execPath,
    args: [
      inProject('scripts/verify/compose.mjs'),
      'docker-compose.yml',
      ...['external-postgres', 'external-temporal', 'proxy'].map(
        (name) => `deploy/compose/${name}.yml`,
      ),
    ],
  },
];

/** The unit and HTTP tests on the newest Node that we support. @type {Check} */
export const TESTS_ON_NODE_24 = { ...script('tests on 24', 'node-24.mjs'), showResult: true };
