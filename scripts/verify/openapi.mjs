// Checks that docs/openapi.json is what the server serves and that the types of the packages match it,
// and lints it and the protocol of pharmacies:
//   node --import tsx scripts/verify/openapi.mjs
// Exits 1 with the faults. A warning is a fault.

import { readFileSync } from 'node:fs';
import path from 'node:path';
import { createConfig, lintFromString } from '@redocly/openapi-core';
import { DOCUMENT, generatedFiles, openApiText } from '../openapi/generated-files.mjs';
import { reportFaults } from './report-faults.mjs';

/** Redocly's recommended rules. A rule that is switched off has its reason beside it; none is now. */
const CONFIG = { extends: ['recommended'], rules: {} };

/** Written by hand; test/unit/pharmacy/protocol-document.test.ts compares it with the gateway. */
const PHARMACY_PROTOCOL = path.join(path.dirname(DOCUMENT), 'pharmacy-protocol.openapi.yaml');

const faults = [];
for (const { file, text } of await generatedFiles()) {
  if (readFileSync(file, 'utf8') === text) continue;
  faults.push(`${path.relative('', file)} is not current: run npm run openapi`);
}

const config = await createConfig(CONFIG);
const documents = [
  { file: DOCUMENT, source: openApiText() },
  { file: PHARMACY_PROTOCOL, source: readFileSync(PHARMACY_PROTOCOL, 'utf8') },
];
for (const { file, source } of documents) {
  for (const problem of await lintFromString({ source, absoluteRef: file, config })) {
    const { severity, ruleId, message, location } = problem;
    const place = `${path.relative('', file)} ${location[0]?.pointer ?? ''}`;
    faults.push(`${severity} ${ruleId}: ${message} ${place}`);
  }
}
reportFaults(faults);
