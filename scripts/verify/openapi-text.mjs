import { fileURLToPath } from 'node:url';
import { createOpenApi, packageVersion } from '../../src/http/openapi.ts';
import { routes } from '../../src/http/routes.ts';

/** Where the document is committed. */
export const FILE = fileURLToPath(new URL('../../docs/openapi.json', import.meta.url));

/** The document of the route table, as it is committed. Routes are described, never called. */
export async function openApiText() {
  return `${JSON.stringify(createOpenApi(routes({}), packageVersion()), null, 2)}\n`;
}
