import {
  type ApiDocument,
  type Entry,
  jsonBody,
  type MediaType,
  type Parameter,
  resolve,
} from './api-document.ts';
import { type SampleRequest, samplesOf } from './assets/samples.js';
import { Samples } from './samples.tsx';

/** The host of the samples before the page knows its own. */
const HOST = 'https://orders.example.com';
/** The key of the samples while the reader has entered none; the sandbox accepts it. */
const NO_KEY = 'YOUR_SECRET_KEY';

/**
 * The form that sends an operation's request, and programs that send the same. `try-it.js` reads what
 * to send from the form's fields and its `data-` attributes.
 */
export function TryForm({ api, entry }: { readonly api: ApiDocument; readonly entry: Entry }) {
  const { method, path, operation } = entry;
  const body = jsonBody(operation);
  const isPlacing = operation.operationId === 'caseAction';
  const parameters = operation.parameters ?? [];
  return (
    <div class="trying">
      <form
        id="try-form"
        aria-label={`Try: ${operation.summary}`}
        data-method={method.toUpperCase()}
        data-path={path}
        data-needs-key={String(needsKey(entry))}
      >
        <h2>Try it</h2>
        {parameters.map((parameter) => (
          <div class="row">
            <label for={`try-${parameter.name}`}>
              {parameter.name}
              <small>{parameter.in}</small>
            </label>
            <Input api={api} parameter={parameter} />
          </div>
        ))}
        {body !== undefined && <Body body={body} />}
        <div class="buttons">
          <button type="submit">Send</button>
          {isPlacing && (
            <button type="submit" name="again" value="again" class="second">
              Repeat with the same key
            </button>
          )}
        </div>
        {isPlacing && (
          <p class="muted">
            Each try gets a fresh idempotency key. Repeating with the same key shows how a lost
            answer is found again.
          </p>
        )}
        <noscript>
          <p class="muted">Sending needs JavaScript. The programs below do not.</p>
        </noscript>
        <div class="outcome" aria-live="polite" />
      </form>
      <Samples
        texts={samplesOf(exampleRequest(api, entry))}
        label="The same request as a program"
      />
    </div>
  );
}

function needsKey({ operation }: Entry): boolean {
  return (operation.security ?? []).length > 0;
}

/** The request that the form shows before the reader changes it. */
export function exampleRequest(api: ApiDocument, entry: Entry): SampleRequest {
  const { method, path, operation } = entry;
  const body = bodyText(jsonBody(operation));
  const pathname = (operation.parameters ?? [])
    .filter((parameter) => parameter.in === 'path')
    .reduce((url, parameter) => {
      const { placeholder } = inputOf(api, parameter);
      return placeholder === undefined ? url : url.replace(`{${parameter.name}}`, placeholder);
    }, path);
  return {
    method: method.toUpperCase(),
    url: HOST + pathname,
    headers: [
      ...(needsKey(entry) ? [['cv-api-key', NO_KEY] as const] : []),
      ...(body === undefined ? [] : [['content-type', 'application/json'] as const]),
    ],
    ...(body === undefined ? {} : { body }),
  };
}

function inputOf(api: ApiDocument, { name, schema, example }: Parameter) {
  const { enum: values, const: only, example: usual } = resolve(api, schema);
  const shown = example ?? usual;
  const placeholder = shown === undefined ? undefined : String(shown);
  return {
    choices: values ?? (only === undefined ? undefined : [String(only)]),
    placeholder,
    // The sandbox always has this case. The reader fills in other ids.
    value: name === 'caseId' ? placeholder : undefined,
  };
}

function Input({ api, parameter }: { readonly api: ApiDocument; readonly parameter: Parameter }) {
  const { name, in: place, required = false } = parameter;
  const { choices, placeholder, value } = inputOf(api, parameter);
  const attributes = { id: `try-${name}`, name, required, 'data-in': place };
  if (choices !== undefined) {
    return (
      <select {...attributes}>
        {!required && <option value="">—</option>}
        {choices.map((choice) => (
          <option value={choice}>{choice}</option>
        ))}
      </select>
    );
  }
  return (
    <input
      {...attributes}
      type="text"
      value={value}
      placeholder={placeholder}
      autocomplete="off"
      spellcheck="false"
    />
  );
}

function Body({ body }: { readonly body: MediaType }) {
  const examples = Object.entries(body.examples ?? {});
  return (
    <>
      {examples.length > 1 && (
        <div class="row">
          <label for="try-example">Example</label>
          <select id="try-example">
            {examples.map(([, { summary, value }]) => (
              <option value={JSON.stringify(value)}>{summary}</option>
            ))}
          </select>
        </div>
      )}
      <div class="row wide">
        <label for="try-body">Body</label>
        <textarea id="try-body" rows="14" spellcheck="false">
          {bodyText(body)}
        </textarea>
      </div>
    </>
  );
}

function bodyText(body: MediaType | undefined): string | undefined {
  if (body === undefined) return undefined;
  const [example] = Object.values(body.examples ?? {});
  return JSON.stringify(example?.value ?? {}, null, 2);
}
