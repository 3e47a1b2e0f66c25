/** A build from before this one, with which this one shares a database during an upgrade and after a rollback. */
export interface PreviousBuild {
  /** All 40 digits, so that a clone without the commit says so. */
  readonly commit: string;
  /** The newest migration that it knows. */
  readonly migration: string;
}

/**
 * The builds that an upgrade to this one may start from, and that a rollback may return to; the oldest first.
 * `npm run test:upgrade` runs each of them next to this one, `test/http/storage/previous-schema.test.ts` compares their
 * schemas with this one, and docs/upgrading.md lists them. No release has been made yet: from the first release on, name
 * the commits of the latest two.
 */
export const PREVIOUS_BUILDS: readonly PreviousBuild[] = [
  // The last one with order ids that are drawn, and with positions without epochs (docs/adr/0048).
  { commit: '6c06fddd85cc7ffc679d5b6160b6f44aa1aa7fdb', migration: '0030-postgres-15.sql' },
  {
    commit: 'b38dffee445596b71e43f6a5a4d745ed402c190f',
    migration: '0034-audit-by-operator.concurrently.sql',
  },
];
