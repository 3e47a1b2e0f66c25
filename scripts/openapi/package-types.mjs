import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import openapiTS, { astToString } from 'openapi-typescript';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const BIOME = fileURLToPath(new URL('../../node_modules/.bin/biome', import.meta.url));

/** The message that pharmacies send to the server. Every other webhook goes to an organization. */
const SENT_BY_PHARMACIES = 'pharmacyMessage';

/** The `data` of the answer 200 to a GET, which the document describes without a name. */
const dataOf = (document, path) =>
  document.paths[path].get.responses['200'].content['application/json'].schema.properties.data;

/**
 * The generated file of each package: where it lies, and the schemas that it starts from. Schemas that
 * these refer to are added.
 *
 * @type {{ file: string, schemas: (document: any) => Record<string, object> }[]}
 */
const PACKAGES = [
  {
    file: 'packages/http-client/src/openapi.ts',
    schemas: (document) => {
      const { CustomerCaseDetail, ...named } = document.components.schemas;
      const names = [
        ...['PrescriptionOrder', 'Patient', 'Order', 'OrderSummary', 'Activity', 'OrderWarning'],
        'Pharmacy',
      ];
      return {
        ...Object.fromEntries(names.map((name) => [name, named[name]])),
        OrderPage: dataOf(document, '/api/v1/orders'),
        PharmacyPage: dataOf(document, '/api/v1/pharmacies'),
        CaseDetail: CustomerCaseDetail.properties.caseDetail,
      };
    },
  },
  {
    file: 'packages/webhooks/src/openapi.ts',
    schemas: ({ webhooks }) => {
      const events = Object.entries(webhooks).filter(([name]) => name !== SENT_BY_PHARMACIES);
      const bodies = events.map(([, { post }]) => post.requestBody.content['application/json']);
      return { WebhookEvent: { oneOf: bodies.map(({ schema }) => schema) } };
    },
  },
];

/**
 * Generates the types of the packages.
 *
 * @param {string} text the OpenAPI document.
 * @returns {Promise<{ file: string, text: string }[]>} `file` is relative to the project.
 */
export function packageTypes(text) {
  return Promise.all(
    PACKAGES.map(async ({ file, schemas }) => {
      const document = JSON.parse(text);
      const nodes = await openapiTS({
        openapi: document.openapi,
        info: document.info,
        paths: {},
        components: { schemas: withReferences(schemas(document), document) },
      });
      // The others describe paths and webhooks, and are empty here.
      const components = nodes.filter((node) => node.name?.text === 'components');
      return { file, text: formatted(`${HEADER}${astToString(components)}`, file) };
    }),
  );
}

const HEADER = `// Generated from docs/openapi.json by \`npm run openapi\`. Do not edit.\n\n`;

/** Adds the named schemas that some schemas refer to, directly or not. */
function withReferences(schemas, document) {
  const all = { ...schemas };
  const visit = (part) => {
    if (typeof part !== 'object' || part === null) return;
    leaveOutAbsence(part);
    const [, name] = /^#\/components\/schemas\/(.+)$/.exec(part.$ref ?? '') ?? [];
    if (name !== undefined && all[name] === undefined) {
      all[name] = document.components.schemas[name];
      visit(all[name]);
    }
    for (const child of Object.values(part)) visit(child);
  };
  visit(schemas);
  return all;
}

/**
 * A request may hold `null` or a blank text for a field that it leaves out. The types offer one way only, so
 * that the type of an order is the same in this client, in the server's own and after validation.
 */
function leaveOutAbsence({ properties = {}, required = [] }) {
  for (const [name, schema] of Object.entries(properties)) {
    if (required.includes(name)) continue;
    if (Array.isArray(schema.type)) schema.type = schema.type.filter((type) => type !== 'null');
    const isAbsence = ({ type, $ref }) => type === 'null' || $ref === '#/components/schemas/Absent';
    if (schema.anyOf) schema.anyOf = schema.anyOf.filter((each) => !isAbsence(each));
    if (schema.anyOf?.length === 1 && !schema.anyOf[0].$ref) {
      const [only] = schema.anyOf;
      delete schema.anyOf;
      Object.assign(schema, { ...only, ...schema });
    }
  }
}

function formatted(text, file) {
  const args = ['format', `--stdin-file-path=${file}`];
  const { status, stdout, stderr } = spawnSync(BIOME, args, {
    cwd: ROOT,
    input: text,
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(`biome cannot format ${file}: ${stderr}`);
  return stdout;
}
