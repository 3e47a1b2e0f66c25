import { runTask } from './process/run-process.ts';
import { logEpoch } from './storage/epoch.ts';
import { migrate } from './storage/migrate.ts';
import { warnAboutPlaintext } from './storage/postgres-tls.ts';

// Applies the migrations that the database of DATABASE_URL lacks, and exits.

await runTask('migrate', process.env, async ({ config, log }) => {
  warnAboutPlaintext(config.database.url, log);
  logEpoch(log, await migrate(config.database.url));
  log.info('the schema is current');
});
