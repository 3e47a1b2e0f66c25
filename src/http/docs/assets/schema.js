import { h, line } from './dom.js';

/** The deepest level of nested fields that the page renders. */
const MAX_LEVEL = 8;

/** Follows a `$ref`. Properties next to the `$ref` override those of its target. */
function resolve(api, schema) {
  if (!schema?.$ref) return schema ?? {};
  const name = schema.$ref.split('/').at(-1);
  const { $ref: _, ...siblings } = schema;
  return { title: name, ...api.components.schemas[name], ...siblings };
}

/** Removes what counts as absent from a schema that allows it. */
function withoutAbsence(api, schema) {
  const variants = schema.anyOf ?? schema.oneOf;
  const others = variants?.filter(
    ({ type, $ref }) => type !== 'null' && $ref !== '#/components/schemas/Absent',
  );
  if (others === undefined || others.length === variants.length || others.length !== 1) {
    return schema;
  }
  const { anyOf: _, oneOf: __, ...siblings } = schema;
  return resolve(api, { ...resolve(api, others[0]), ...siblings });
}

/** Describes the type of a value in a few words. */
function typeOf(api, schema) {
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  if (schema.oneOf || schema.anyOf) return 'one of';
  const type = [schema.type ?? 'any'].flat().filter((name) => name !== 'null');
  if (type[0] === 'array') {
    const items = resolve(api, schema.items);
    return `array of ${items.title ?? typeOf(api, items)}`;
  }
  if (type[0] === 'object' && schema.title) return schema.title;
  return schema.format ? `${type[0]} · ${schema.format}` : type.join(' or ');
}

function limitsOf(schema) {
  const { minLength, maxLength, minimum, maximum, minItems, maxItems } = schema;
  const limits = [];
  if (maxLength !== undefined) {
    const many =
      minLength === maxLength
        ? `${maxLength}`
        : minLength
          ? `${minLength} to ${maxLength}`
          : `up to ${maxLength}`;
    limits.push(`${many} characters`);
  }
  if (minimum !== undefined && maximum === Number.MAX_SAFE_INTEGER) limits.push(`≥ ${minimum}`);
  else if (minimum !== undefined && maximum !== undefined) limits.push(`${minimum} to ${maximum}`);
  if (maxItems !== undefined) limits.push(`${minItems ?? 0} to ${maxItems} items`);
  if (schema.default !== undefined) limits.push(`default ${schema.default}`);
  return limits.join(', ');
}

/** Renders one field: its name, type and rules, and the fields inside it. */
export function field(api, name, sent, { required, description, level = 0 }) {
  const schema = withoutAbsence(api, resolve(api, sent));
  const limits = limitsOf(schema);
  const about = description ?? schema.description;
  const inner = schema.type === 'array' ? resolve(api, schema.items) : schema;
  return h(
    'li',
    {},
    h(
      'div',
      { class: 'field' },
      h('code', { class: 'name' }, name),
      h('span', { class: 'type' }, typeOf(api, schema)),
      required && h('span', { class: 'required' }, 'required'),
      limits !== '' && h('span', { class: 'limits' }, limits),
    ),
    about && h('p', { class: 'about' }, line(about)),
    schema.enum &&
      h(
        'p',
        { class: 'about' },
        schema.enum.flatMap((word) => [h('code', {}, word), ' ']),
      ),
    nested(api, inner, level, name),
  );
}

function nested(api, schema, level, name) {
  if (!schema.properties && !schema.oneOf && !schema.anyOf) return undefined;
  return h(
    'details',
    { open: level < 2 && name === 'order' },
    h('summary', {}, `Fields of ${name}`),
    fields(api, schema, level + 1),
  );
}

/** Renders the fields of an object, or each variant of a value. */
export function fields(api, sent, level = 0) {
  const schema = withoutAbsence(api, resolve(api, sent));
  if (level > MAX_LEVEL) return h('p', { class: 'about' }, 'More levels follow.');
  const variants = schema.oneOf ?? schema.anyOf;
  if (variants) {
    return h(
      'div',
      { class: 'variants' },
      variants.map((variant, index) => {
        const shape = resolve(api, variant);
        return h(
          'details',
          { open: index === 0 && level === 0 },
          h('summary', {}, titleOf(shape, index)),
          fields(api, shape, level + 1),
        );
      }),
    );
  }
  if (!schema.properties) {
    const type = h('span', { class: 'type' }, typeOf(api, schema));
    return h('p', { class: 'about' }, type, ' ', line(schema.description ?? ''));
  }
  return h(
    'ul',
    { class: 'fields' },
    Object.entries(schema.properties).map(([name, property]) =>
      field(api, name, property, { required: schema.required?.includes(name), level }),
    ),
  );
}

function titleOf(schema, index) {
  return schema.properties?.action?.const ?? schema.title ?? `Variant ${index + 1}`;
}
