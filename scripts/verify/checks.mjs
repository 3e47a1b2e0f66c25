import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const inProject = (name) => fileURLToPath(new URL(`../../${name}`, import.meta.url));
const bin = (name) => inProject(`node_modules/.bin/${name}`);
const sourceFolders = [
  'src',
  'sandbox',
  'simulator',
  'packages',
  'test',
  'examples',
  'bench',
].filter((name) => existsSync(inProject(name)));

/**
 * The checks that read the code without running it, quickest first. An exit code of 3 means that
 * the check could not be made on this machine.
 *
 * @type {{ name: string, command: string, args: string[] }[]}
 */
export const CHECKS = [
  { name: 'format', command: bin('biome'), args: ['check', '--error-on-warnings', '.'] },
  {
    name: 'import rules',
    command: bin('depcruise'),
    args: ['--config', '.dependency-cruiser.mjs', ...sourceFolders],
  },
  { name: 'dead code', command: bin('knip'), args: ['--no-progress'] },
  { name: 'types', command: bin('tsc'), args: ['--noEmit', '-p', '.'] },
  { name: 'lint', command: bin('eslint'), args: ['.', '--max-warnings', '0'] },
  { name: 'licences', command: process.execPath, args: [inProject('scripts/verify/licences.mjs')] },
  { name: 'pins', command: process.execPath, args: [inProject('scripts/verify/exact-pins.mjs')] },
  {
    name: 'no scripts',
    command: process.execPath,
    args: [inProject('scripts/verify/install-scripts.mjs')],
  },
  {
    name: 'known faults',
    command: process.execPath,
    args: [inProject('scripts/verify/vulnerabilities.mjs')],
  },
  { name: 'SBOM', command: process.execPath, args: [inProject('scripts/verify/sbom.mjs')] },
  {
    name: 'OpenAPI',
    command: process.execPath,
    args: ['--import', 'tsx', inProject('scripts/verify/openapi.mjs')],
  },
  {
    name: 'compose file',
    command: process.execPath,
    args: [inProject('scripts/verify/compose.mjs'), 'docker-compose.yml'],
  },
];

/** {@link CHECKS}' exit code of a check that could not be made. */
export const SKIPPED = 3;
