/**
 * Who may import whom: the rules of the design, one named rule each. `test/unit/import-rules.test.ts`
 * plants a violation of every one of them.
 *
 * A rule with `dependencyTypesNot: ['type-only']` lets `import type` pass.
 */

const ROOT =
  '^(src/(server|worker|migrate|cli|codec-server|embedded/(start|demo))|simulator/main)\\.ts$';
const ADAPTERS = '^src/(pharmacy|documents|webhooks)/';
/** The roots, and the runner that they share. */
const PROGRAMS_OF_SRC = '^src/((server|worker|migrate|cli|codec-server|process)\\.ts$|embedded/)';

const forbid = (name, comment, from, to) => ({ name, comment, severity: 'error', from, to });

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
      'http-client-imports-only-contract-types',
      'It runs wherever there is a fetch, alone; what it knows of this project is the wire.',
      { path: '^src/http-client(\\.ts$|/)' },
      { pathNot: ['^src/http-client/', '^src/contract/'] },
    ),
    forbid(
      'http-client-imports-no-value-of-the-contract',
      'A value of the contract would bring zod along.',
      { path: '^src/http-client(\\.ts$|/)' },
      { path: '^src/contract/', dependencyTypesNot: ['type-only'] },
    ),
    forbid(
      'webhooks-verify-imports-only-crypto',
      'Receivers take it into programs of their own; what it knows of this project are types.',
      { path: '^src/webhooks-verify(\\.ts$|/)' },
      { pathNot: ['^src/webhooks-verify/', '^src/contract/', '^(node:)?crypto$'] },
    ),
    forbid(
      'webhooks-verify-imports-no-value-of-the-contract',
      'A value of the contract would bring zod along.',
      { path: '^src/webhooks-verify(\\.ts$|/)' },
      { path: '^src/contract/', dependencyTypesNot: ['type-only'] },
    ),
    forbid(
      'activities-see-adapters-as-types',
      'The worker injects adapters. Error classes are the exception: activities tell them apart.',
      { path: '^src/activities/' },
      {
        path: ADAPTERS,
        pathNot: '^src/(pharmacy|documents)/errors\\.ts$',
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
      { path: '^src/', pathNot: PROGRAMS_OF_SRC },
      { path: '^src/config\\.ts$', dependencyTypesNot: ['type-only'] },
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
      { path: '^src/' },
    ),
    forbid(
      'src-never-imports-tests-or-tools',
      'What ships depends on nothing that does not.',
      { path: '^(src|simulator)/' },
      { path: '^(test|bench|examples|scripts)/' },
    ),
    forbid(
      'production-needs-no-development-dependency',
      'The image is built with `npm ci --omit=dev`; only the embedded stack may use the others.',
      { path: '^src/', pathNot: '^src/embedded/' },
      { dependencyTypes: ['npm-dev'], dependencyTypesNot: ['type-only'] },
    ),
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
    exclude: { path: '^(dist|coverage|\\.data)/' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'require', 'node', 'default', 'types'],
    },
  },
};
