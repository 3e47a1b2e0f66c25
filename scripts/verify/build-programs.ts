import { obtainTemporal } from '../../sandbox/obtain-temporal.ts';
import { startReaper } from '../../sandbox/reaper.ts';
import { createRunCommand } from '../../sandbox/run-command.ts';
import { testEnvironment } from '../../test/support/environment.ts';
import { buildGoProgram } from '../../test/support/go-server.ts';
import { LOCAL_KMS } from '../../test/support/local-kms.ts';
import { VERSITYGW } from '../../test/support/versitygw.ts';

// Puts the programs that tests need into the cache, before a test needs them:
//   node --import tsx scripts/verify/build-programs.ts
// On a machine without them, Go builds them for minutes. `npm run verify` starts this at a low priority
// beside its checks. A test that needs a program earlier waits for the lock of the cache.

// In the order in which tests need them.
const reaper = await startReaper();
try {
  const run = createRunCommand(reaper);
  const { signal } = new AbortController();
  await obtainTemporal({ env: testEnvironment(), run, signal, news: process.stderr });
} finally {
  await reaper.close();
}
for (const program of [VERSITYGW, LOCAL_KMS]) await buildGoProgram(program);
