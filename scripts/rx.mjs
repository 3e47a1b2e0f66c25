#!/usr/bin/env node
// `npx rx …` and `npm run rx -- …`: the operator's command line, in a fresh clone too. In the image it
// is `node dist/src/cli.js …`.

// The bootstrap works in the project's folder; a file that is named on the command line lies where
// the person is. npm goes to that folder too before it runs a script, and tells where it came from.
const { INIT_CWD, npm_lifecycle_event: script } = process.env;
process.env.RX_CALLED_FROM = (script === 'rx' && INIT_CWD) || process.cwd();

process.argv.splice(2, 0, 'src/cli.ts');
import('./bootstrap.mjs');
