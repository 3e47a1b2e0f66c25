// Checks that docs/openapi.json is what the server serves, and lints it:
//   node --import tsx scripts/verify/openapi.mjs
// Exits 1 with the faults; a warning is one.

import { readFileSync } from 'node:fs';
import { createConfig, lintFromString } from '@redocly/openapi-core';
import { FILE, openApiText } from './openapi-text.mjs';

/** Redocly's recommended rules. One that is switched off has its reason beside it; none is now. */
const CONFIG = { extends: ['recommended'], rules: {} };

const source = await openApiText();
const faults = [];
if (readFileSync(FILE, 'utf8') !== source) {
  faults.push('docs/openapi.json is not current: npm run openapi');
}

const config = await createConfig(CONFIG);
for (const problem of await lintFromString({ source, absoluteRef: FILE, config })) {
  const { severity, ruleId, message, location } = problem;
  faults.push(`${severity} ${ruleId}: ${message} ${location[0]?.pointer ?? ''}`);
}
for (const fault of faults) console.error(fault);
process.exitCode = faults.length === 0 ? 0 : 1;
