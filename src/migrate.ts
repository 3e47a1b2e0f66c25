import { runTask } from './process/run-process.ts';
import { migrate } from './storage/migrate.ts';

// Brings the database of DATABASE_URL to the current schema, and ends.

await runTask('migrate', process.env, async ({ config, log }) => {
  await migrate(config.database.url);
  log.info('the schema is current');
});
