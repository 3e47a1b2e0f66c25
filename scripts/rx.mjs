#!/usr/bin/env node
// `npx rx …`: the operators' command line, in a clone and where the package rx-orders is installed. In the
// image it is `node dist/src/cli.js …`. Like the bootstrap, it uses only what an old Node supports.

import { existsSync } from 'fs';

if (existsSync(new URL('bootstrap.mjs', import.meta.url))) {
  // The bootstrap changes to the project's folder, and so does npm before it runs a script. File names on
  // the command line are relative to the folder that the user called from; npm stores it in INIT_CWD.
  const { INIT_CWD, npm_lifecycle_event: script } = process.env;
  process.env.RX_CALLED_FROM = (script === 'rx' && INIT_CWD) || process.cwd();

  process.argv.splice(2, 0, 'src/cli.ts');
  import('./bootstrap.mjs');
} else {
  // The package contains compiled code instead of the sources.
  import('../dist/src/cli.js');
}
