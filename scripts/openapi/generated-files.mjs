import { fileURLToPath } from 'node:url';
import { createOpenApi } from '../../src/http/openapi/document.ts';
import { routes } from '../../src/http/routes.ts';
import { packageVersion } from '../../src/process/build-id.ts';
import { packageTypes } from './package-types.mjs';

const inProject = (name) => fileURLToPath(new URL(`../../${name}`, import.meta.url));

/** The committed OpenAPI document. */
export const DOCUMENT = inProject('docs/openapi.json');

/** The OpenAPI document of the route table. It describes the routes and calls none. */
export function openApiText() {
  return `${JSON.stringify(createOpenApi(routes({}), packageVersion()), null, 2)}\n`;
}

/**
 * The OpenAPI document and what is generated from it.
 *
 * @returns {Promise<{ file: string, text: string }[]>}
 */
export async function generatedFiles() {
  const text = openApiText();
  const types = await packageTypes(text);
  return [
    { file: DOCUMENT, text },
    ...types.map((type) => ({ ...type, file: inProject(type.file) })),
  ];
}
