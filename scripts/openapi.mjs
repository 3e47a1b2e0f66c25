// Writes docs/openapi.json, the document that `GET /openapi.json` serves, and the types that the packages
// generate from it:
//   npm run openapi

import { writeFileSync } from 'node:fs';
import { generatedFiles } from './openapi/generated-files.mjs';

for (const { file, text } of await generatedFiles()) writeFileSync(file, text);
