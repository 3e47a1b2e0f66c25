import { FLOORS } from './scripts/structure/floors.mjs';

/**
 * Who may import whom: the rules of the design, one named rule each. `test/unit/import-rules.test.ts`
 * plants a violation of every one of them.
 *
 * A rule with `dependencyTypesNot: ['type-only']` lets `import type` pass.
 */

/** Programs. `src/client.ts` is a library: others may import it. */
const ROOT =
  '^(src/(server|worker|migrate|cli|codec-server|console)|sandbox/(start|demo)|simulator/main)\\.ts$';
const ADAPTERS = '^src/(pharmacy|documents|notifications/sending)/';
/** The roots, and the runner that they share. */
const READS_CONFIGURATION =
  '^src/((server|worker|migrate|cli|codec-server|console)\\.ts$|process/run-process\\.ts$)';

const forbid = (name, comment, from, to) => ({ name, comment, severity: 'error', from, to });

/** One rule for each room: it imports neither its own floor's other rooms nor a higher floor. */
const floorRules = FLOORS.flatMap((rooms, index) =>
  rooms.map(({ name }) => {
    const outOfReach = FLOORS.slice(index)
      .flat()
      .filter((room) => room.name !== name)
      .map((room) => `${room.name}/`);
    return forbid(
      `floor-of-${name}`,
      'A room imports from lower floors only: scripts/structure/floors.mjs lists the floors.',
      { path: `^src/${name}/` },
      { path: `^src/(${[...outOfReach, '[^/]+\\.ts$'].join('|')})` },
    );
  }),
);

/** @type {import('dependency-cruiser').IConfiguration} */
export default {
  forbidden: [
    forbid(
      'contract-imports-only-zod',
      'The public API stands alone, so that anyone can read and reuse it.',
      { path: '^src/contract/' },
      { pathNot: ['^src/contract/', 'node_modules/zod/'] },
    ),
    forbid(
      'workflows-import-only-temporal-as-values',
      'Everything imported ends up in the workflow bundle and in every replay; import the type.',
      { path: '^src/workflows/' },
      {
        pathNot: ['^src/workflows/', 'node_modules/@temporalio/workflow/'],
        dependencyTypesNot: ['type-only'],
      },
    ),
    forbid(
      'workflows-use-no-node-builtin',
      'Workflow code is deterministic: no files, network or clocks, not even their types.',
      { path: '^src/workflows/' },
      { dependencyTypes: ['core'] },
    ),
    forbid(
      'http-never-imports-activities',
      'A request ends with a committed row; side effects belong to the worker.',
      { path: '^src/http/' },
      { path: '^src/activities/' },
    ),
    forbid(
      'http-has-no-sql',
      'Routes call src/orders; queries stay there.',
      { path: '^src/http/' },
      { path: 'node_modules/postgres/' },
    ),
    forbid(
      'client-takes-workflow-functions-as-types',
      'A backend that imports the client must not load workflow code; messages are values.',
      { path: '^src/client\\.ts$' },
      {
        path: '^src/workflows/',
        pathNot: '-messages\\.ts$',
        dependencyTypesNot: ['type-only'],
      },
    ),
    forbid(
      'packages-import-only-themselves',
      'Users install a package alone; what it knows of this project is the wire.',
      { path: '^packages/([^/]+)/src/' },
      { pathNot: ['^packages/$1/', '^(node:)?crypto$'] },
    ),
    forbid(
      'http-client-uses-no-node-builtin',
      'It runs wherever there is a fetch.',
      { path: '^packages/http-client/src/' },
      { dependencyTypes: ['core'] },
    ),
    forbid(
      'activities-see-adapters-as-types',
      'The worker injects adapters. Error classes are the exception: activities tell them apart.',
      { path: '^src/activities/' },
      {
        path: ADAPTERS,
        pathNot: '^src/(pharmacy/pharmacy|documents/document)-errors\\.ts$',
        dependencyTypesNot: ['type-only'],
      },
    ),
    forbid(
      'adapters-never-import-each-other',
      'Each adapter can be replaced alone.',
      { path: ADAPTERS },
      { path: ADAPTERS, pathNot: '^src/$1/' },
    ),
    forbid(
      'nothing-imports-a-composition-root',
      'Importing one would read the environment and start things.',
      {},
      { path: ROOT },
    ),
    forbid(
      'only-composition-roots-read-the-configuration',
      'Others take the part of Config that they need, as a type.',
      { path: '^src/', pathNot: READS_CONFIGURATION },
      { path: '^src/process/(codec-server-)?config\\.ts$', dependencyTypesNot: ['type-only'] },
    ),
    forbid(
      'src-never-imports-the-packages',
      'The packages are for users’ programs; the server that signs must not share a mistake with what verifies.',
      { path: '^src/' },
      { path: '^packages/' },
    ),
    forbid(
      'src-never-imports-the-sandbox',
      'The sandbox is a development tool: neither the build nor the image has it.',
      { path: '^src/' },
      { path: '^sandbox/' },
    ),
    forbid(
      'src-never-imports-the-simulator',
      'The simulator stands for a foreign system, reached over HTTP only.',
      { path: '^src/' },
      { path: '^simulator/' },
    ),
    forbid(
      'simulator-never-imports-src',
      'Shared code would share its mistakes: the simulator could not catch them.',
      { path: '^simulator/' },
      { path: '^(src|sandbox|packages)/' },
    ),
    forbid(
      'src-never-imports-tests-or-tools',
      'What ships depends on nothing that does not.',
      { path: '^(src|simulator|packages/[^/]+/src)/' },
      { path: '^(test|bench|examples|scripts)/' },
    ),
    forbid(
      'production-needs-no-development-dependency',
      'The image is built with `npm ci --omit=dev`; only development tools may use the others.',
      { path: '^(src|packages/[^/]+/src)/' },
      { dependencyTypes: ['npm-dev'], dependencyTypesNot: ['type-only'] },
    ),
    ...floorRules,
    {
      ...forbid(
        'no-circular-folders',
        'Folders that import each other are one folder in disguise.',
        { path: '^(src|sandbox|packages)' },
        { circular: true },
      ),
      scope: 'folder',
    },
    forbid(
      'no-circular-imports',
      'Files that import each other are one file in disguise.',
      {},
      { circular: true },
    ),
    forbid(
      'no-unresolved-import',
      'A rule cannot judge an import that it cannot follow.',
      {},
      { couldNotResolve: true },
    ),
  ],
  options: {
    // Type-only imports count too, told apart from values.
    tsPreCompilationDeps: 'specify',
    doNotFollow: { path: 'node_modules' },
    // The packages of bench/peers are not installed with the others.
    exclude: { path: '^(dist|packages/[^/]+/dist|coverage|\\.data|bench/peers)/' },
    // Its `paths` lead from the names of the packages to their sources.
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'require', 'node', 'default', 'types'],
    },
  },
};
