// Writes docs/openapi.json, the document that `GET /openapi.json` serves:  npm run openapi

import { writeFileSync } from 'node:fs';
import { FILE, openApiText } from './verify/openapi-text.mjs';

writeFileSync(FILE, await openApiText());
