import type { Bug } from './bug.ts';

const ATTACKS = 'test/http/storage/role-attacks.test.ts';
const PATHS = 'src/storage/migrations/0019-function-paths.sql';
const WALLS = 'src/storage/migrations/0020-audit-walls.sql';

/** Bugs in the walls around the roles of the database, the audit log and the secrets. */
export const STORAGE_BUGS: readonly Bug[] = [
  {
    name: 'lets a function with its owner’s rights search temporary objects first',
    file: PATHS,
    original: 'LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp',
    replacement: 'LANGUAGE plpgsql SECURITY DEFINER SET search_path = public',
    tests: [ATTACKS],
  },
  {
    name: 'lets a program choose the time of an audit row',
    file: WALLS,
    original: 'GRANT INSERT (actor_kind,',
    replacement: 'GRANT INSERT (at, actor_kind,',
    tests: [ATTACKS],
  },
  {
    name: 'lets the server record an operator in the audit log',
    file: WALLS,
    original: "WITH CHECK (actor_kind IN ('key', 'pharmacy')\n",
    replacement: "WITH CHECK (actor_kind IN ('key', 'pharmacy', 'operator')\n",
    tests: [ATTACKS],
  },
  {
    name: 'accepts a seal with any number',
    file: WALLS,
    original: 'NEW.number <> head.number + 1 OR ',
    replacement: '',
    tests: [ATTACKS],
  },
  {
    name: 'does not notice seals that were removed from the end',
    file: 'src/audit/verify-audit-log.ts',
    original: 'newest !== undefined && kept === undefined',
    replacement: 'newest === undefined && kept !== undefined',
    tests: ['test/http/audit/audit-seals.test.ts'],
  },
  {
    name: 'verifies links to documents with the newest key only',
    file: 'src/documents/document-links.ts',
    original: 'secrets.some((secret) =>',
    replacement: 'secrets.slice(0, 1).some((secret) =>',
    tests: ['test/unit/documents/document-links.test.ts'],
  },
  {
    name: 'accepts a secret of one repeated character',
    file: 'src/process/config-schema.ts',
    original: '.refine((text) => !isUniform(text), TOO_UNIFORM);',
    replacement: ';',
    tests: ['test/unit/process/config.test.ts'],
  },
  {
    name: 'records no organization of a read through a signed link',
    file: 'src/http/audit.ts',
    original: 'organizationId: request.linked?.organizationId',
    replacement: 'organizationId: undefined',
    tests: ['test/http/audit/audit.test.ts'],
  },
  {
    name: 'runs rx under a role from which rows are hidden',
    file: 'src/cli.ts',
    original: 'if (role !== undefined) throw',
    replacement: 'if (role === "") throw',
    tests: ['test/cli/audit.test.ts'],
  },
  {
    name: 'reads an answer of the KMS or the bucket without a limit',
    file: 'src/keys/aws-answers.ts',
    original: 'if (size > limitBytes) callback(',
    replacement: 'if (size < 0) callback(',
    tests: ['test/unit/keys/aws-kms-answers.test.ts', 'test/unit/documents/s3-answers.test.ts'],
  },
  {
    name: 'records the name in an update through Temporal as an operator’s own',
    file: 'src/activities/apply-repair.ts',
    original: 'const isClaimed = request.by !== undefined;',
    replacement: 'const isClaimed = false;',
    tests: ['test/workflow/orders/repair.test.ts'],
  },
  {
    name: 'takes a name from the server’s role for that of an operator',
    file: 'src/storage/migrations/0022-claimed-names.sql',
    original: "SET DEFAULT (current_user = 'rx_orders_server')",
    replacement: 'SET DEFAULT false',
    tests: ['test/http/storage/role-attacks.test.ts'],
  },
  {
    name: 'takes sslmode=prefer for an encrypted connection',
    file: 'src/storage/postgres-tls.ts',
    original: ", 'allow', 'prefer'];",
    replacement: ", 'allow'];",
    tests: ['test/unit/storage/postgres-tls.test.ts'],
  },
];
