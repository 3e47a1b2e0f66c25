import { defineConfig } from 'eslint/config';
import tseslint from 'typescript-eslint';

/** The only files that read the environment, end the process and wire the parts together. */
const COMPOSITION_ROOTS = [
  'src/server.ts',
  'src/worker.ts',
  'src/migrate.ts',
  'src/codec-server.ts',
  'src/console.ts',
  'src/cli.ts',
  'sandbox/start.ts',
  'sandbox/demo.ts',
  'sandbox/reaper.mjs',
  'simulator/main.ts',
  // Runs the roots, and so ends their process.
  'src/process/run-process.ts',
];
/** Programs that people run, and tests. Nothing imports them, so they may do what a root does. */
const PROGRAMS = [
  'scripts/**',
  'bench/**',
  'examples/**',
  'packages/*/examples/**',
  'src/http/docs/assets/verify/**',
  'test/**',
  '*.config.*',
];

const NO_STAR_EXPORT = {
  selector: 'ExportAllDeclaration',
  message: 'Name each export: `export *` hides what a module offers.',
};
const NO_SQL = {
  selector: 'TaggedTemplateExpression[tag.name=/^(sql|tx|db|database)$/]',
  message: 'No SQL in src/http: call a function of src/orders.',
};
const NO_RAW_HTML = {
  selector: "JSXAttribute[name.name='dangerouslySetInnerHTML']",
  message: 'Texts of others would become HTML. Write elements.',
};
const NO_BEGIN = {
  selector:
    'CallExpression[callee.object.name=/^(sql|tx|db|database)$/][callee.property.name=/^(begin|reserve)$/]',
  message:
    'Use inTransaction: postgres.js ends the process when the connection breaks in a transaction.',
};

export default defineConfig(
  { ignores: ['**/dist/', 'coverage/', '.data/'] },
  { linterOptions: { reportUnusedDisableDirectives: 'error' } },
  tseslint.configs.recommendedTypeChecked,
  {
    languageOptions: {
      parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname },
    },
    rules: {
      '@typescript-eslint/await-thenable': 'error',
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-import-type-side-effects': 'error',
      '@typescript-eslint/no-misused-promises': 'error',
      // A promise returned from `try` without await escapes its `catch` and `finally`.
      '@typescript-eslint/return-await': ['error', 'error-handling-correctness-only'],
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      '@typescript-eslint/switch-exhaustiveness-check': [
        'error',
        { considerDefaultExhaustiveForUnions: true },
      ],
      // An interface may require a promise although one implementation waits for nothing.
      '@typescript-eslint/require-await': 'off',
      // Factories return closures: their methods have no `this` to lose.
      '@typescript-eslint/unbound-method': 'off',
      // The compiler already reports these: noUnusedLocals and noUnusedParameters.
      '@typescript-eslint/no-unused-vars': 'off',
      eqeqeq: 'error',
      'max-lines': ['error', 300],
      'no-console': 'error',
      'no-restricted-imports': [
        'error',
        { paths: [{ name: 'node:process', message: 'Use the global `process`.' }] },
      ],
      'no-restricted-properties': [
        'error',
        {
          object: 'process',
          property: 'env',
          message: 'Only composition roots read the environment; take a Config.',
        },
        {
          object: 'process',
          property: 'exit',
          message: 'Only composition roots end the process; throw instead.',
        },
      ],
      'no-restricted-syntax': ['error', NO_STAR_EXPORT, NO_BEGIN, NO_RAW_HTML],
    },
  },
  {
    files: ['src/http/**'],
    rules: { 'no-restricted-syntax': ['error', NO_STAR_EXPORT, NO_BEGIN, NO_RAW_HTML, NO_SQL] },
  },
  {
    // Generated from docs/openapi.json.
    files: ['packages/*/src/openapi.ts'],
    rules: { 'max-lines': 'off' },
  },
  {
    files: ['src/workflows/**'],
    rules: { 'max-lines': ['error', 250] },
  },
  {
    files: [...COMPOSITION_ROOTS, ...PROGRAMS],
    rules: { 'no-restricted-properties': 'off' },
  },
  {
    files: PROGRAMS,
    rules: { 'no-restricted-syntax': ['error', NO_STAR_EXPORT] },
  },
  {
    files: ['src/cli.ts', 'sandbox/**', 'simulator/main.ts', ...PROGRAMS],
    rules: { 'no-console': 'off' },
  },
  {
    // Tests read untyped answers: the assertions check them.
    files: ['test/**'],
    rules: {
      '@typescript-eslint/no-unsafe-argument': 'off',
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-call': 'off',
      '@typescript-eslint/no-unsafe-member-access': 'off',
      '@typescript-eslint/no-unsafe-return': 'off',
    },
  },
  {
    // Plain JavaScript is outside the TypeScript project.
    files: ['**/*.js', '**/*.mjs', '**/*.cjs'],
    extends: [tseslint.configs.disableTypeChecked],
  },
);
