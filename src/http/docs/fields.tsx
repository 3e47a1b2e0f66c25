import type { ComponentChildren, VNode } from '#jsx/jsx-runtime';
import {
  type ApiDocument,
  MAX_LEVEL,
  present,
  resolve,
  type Schema,
  variantName,
} from './api-document.ts';
import { Line } from './text.tsx';

/** A schema with its place: `id` begins the fragment of each field's link. */
interface Place {
  readonly api: ApiDocument;
  /** The named schemas that the page has shown, each with its place; later ones link to it. */
  readonly shown: Map<string, string>;
  readonly id: string;
  readonly level?: number;
}

/** Describes the type of a value in a few words. */
function typeOf(api: ApiDocument, schema: Schema): string {
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  if (schema.oneOf ?? schema.anyOf) return 'one of';
  const type = [schema.type ?? 'any'].flat().filter((name) => name !== 'null');
  if (type[0] === 'array') {
    const items = resolve(api, schema.items);
    return `array of ${items.title ?? typeOf(api, items)}`;
  }
  if (type[0] === 'object' && schema.title !== undefined) return schema.title;
  return schema.format === undefined ? type.join(' or ') : `${type[0]} · ${schema.format}`;
}

function limitsOf(schema: Schema): string {
  const { minLength, maxLength, minimum, maximum, minItems, maxItems } = schema;
  const limits: string[] = [];
  if (maxLength !== undefined) {
    const least = minLength === undefined || minLength === 0 ? 'up to ' : `${minLength} to `;
    limits.push(`${minLength === maxLength ? '' : least}${maxLength} characters`);
  }
  if (minimum !== undefined && maximum === Number.MAX_SAFE_INTEGER) limits.push(`≥ ${minimum}`);
  else if (minimum !== undefined && maximum !== undefined) limits.push(`${minimum} to ${maximum}`);
  if (maxItems !== undefined) limits.push(`${minItems ?? 0} to ${maxItems} items`);
  if (schema.default !== undefined) limits.push(`default ${String(schema.default)}`);
  return limits.join(', ');
}

/** One field: its name, type and rules, and the fields inside it. */
export function Field({
  name,
  schema: sent,
  required = false,
  description,
  ...place
}: Place & {
  readonly name: string;
  readonly schema: Schema;
  readonly required?: boolean | undefined;
  readonly description?: string | undefined;
}): VNode {
  const { api } = place;
  const schema = present(api, sent);
  const limits = limitsOf(schema);
  const about = description ?? schema.description;
  const id = `${place.id}.${name}`;
  return (
    <li id={id}>
      <div class="field">
        <code class="name">{name}</code>
        <span class="type">{typeOf(api, schema)}</span>
        {required && <span class="required">required</span>}
        {limits !== '' && <span class="limits">{limits}</span>}
      </div>
      {about !== undefined && (
        <p class="about">
          <Line text={about} />
        </p>
      )}
      {schema.enum !== undefined && (
        <p class="about">{schema.enum.flatMap((word) => [<code>{word}</code>, ' '])}</p>
      )}
      <Nested {...place} id={id} name={name} schema={schema} />
    </li>
  );
}

function Nested({ name, schema, ...place }: Place & { name: string; schema: Schema }) {
  const { api, level = 0 } = place;
  const inner = schema.type === 'array' ? resolve(api, schema.items) : schema;
  if (!inner.properties && !inner.oneOf && !inner.anyOf) return null;
  const { title } = inner;
  const before = title === undefined ? undefined : place.shown.get(title);
  if (before !== undefined) {
    return (
      <p class="about">
        Its fields are those of <a href={`#${before}`}>{title}</a>.
      </p>
    );
  }
  if (title !== undefined) place.shown.set(title, place.id);
  return (
    <details open={level < 2 && name === 'order'}>
      <summary>Fields of {name}</summary>
      <Fields {...place} level={level + 1} schema={inner} />
    </details>
  );
}

/** The fields of an object, or each variant of a value. */
export function Fields({ schema: sent, ...place }: Place & { schema: Schema | undefined }): VNode {
  const { api, id, level = 0 } = place;
  const schema = present(api, sent);
  if (level > MAX_LEVEL) return <p class="about">More levels follow.</p>;
  const variants = schema.oneOf ?? schema.anyOf;
  if (variants !== undefined) {
    return (
      <div class="variants">
        {variants.map((variant, index) => {
          const shape = resolve(api, variant);
          const name = variantName(shape, index);
          return (
            <details open={index === 0 && level === 0}>
              <summary>{name}</summary>
              <Fields {...place} id={`${id}.${name}`} level={level + 1} schema={shape} />
            </details>
          );
        })}
      </div>
    );
  }
  if (schema.properties === undefined) {
    return (
      <p class="about">
        <span class="type">{typeOf(api, schema)}</span> <Line text={schema.description ?? ''} />
      </p>
    );
  }
  const properties = Object.entries(schema.properties);
  return (
    <FieldList>
      {properties.map(([name, property]) => (
        <Field
          {...place}
          name={name}
          schema={property}
          required={schema.required?.includes(name)}
        />
      ))}
    </FieldList>
  );
}

/** A list of {@link Field}. */
export function FieldList({ children }: { readonly children: ComponentChildren }) {
  return <ul class="fields">{children}</ul>;
}
