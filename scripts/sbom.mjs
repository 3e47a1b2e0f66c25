// Writes the bill of materials of what runs in production, as CycloneDX JSON:
//   npm run sbom [FILE]      FILE defaults to dist/sbom.json

import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { makeSbom } from './sbom/make-sbom.mjs';

const project = fileURLToPath(new URL('..', import.meta.url));
const file = path.resolve(process.argv[2] ?? path.join(project, 'dist/sbom.json'));
const sbom = makeSbom(project);
mkdirSync(path.dirname(file), { recursive: true });
writeFileSync(file, `${JSON.stringify(sbom, null, 2)}\n`);
console.log(`wrote ${sbom.components.length} packages to ${path.relative('', file)}`);
