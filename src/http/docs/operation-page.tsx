import type { ErrorStatus } from '../../contract/error-list.ts';
import { ERROR_STATUSES } from '../../contract/error-list.ts';
import {
  type ApiDocument,
  type ApiResponse,
  type Entry,
  jsonBody,
  type MediaType,
  type Parameter,
} from './api-document.ts';
import { Field, FieldList, Fields } from './fields.tsx';
import { linkTo, type Place } from './layout.tsx';
import { Anchor, Badge, Code, Line, Prose } from './text.tsx';
import { TryForm } from './try-form.tsx';

const PLACES = { path: 'Path', query: 'Query', header: 'Headers' };

/** The page of one operation, or of one webhook, which has an example instead of a form. */
export function OperationPage({ place, entry }: { readonly place: Place; readonly entry: Entry }) {
  const { method, path, operation, isWebhook } = entry;
  const { api } = place;
  const body = jsonBody(operation);
  const shown = new Map<string, string>();
  return (
    <div class="operation" id={operation.operationId}>
      <div class="reading">
        <h1>{operation.summary}</h1>
        <p class="path">
          <Badge method={isWebhook ? 'event' : method} />
          <code>{path}</code>
          {!isWebhook && (
            <a class="to-try" href="#try-form">
              Try it
            </a>
          )}
        </p>
        <Prose text={operation.description} />
        {isWebhook && (
          <p>
            <a href={linkTo(place, 'webhooks#verify')}>Verify and receive webhooks</a>
          </p>
        )}
        <Parameters api={api} shown={shown} list={operation.parameters ?? []} />
        {body !== undefined && (
          <section class="part" id="body">
            <h2>
              Body <Anchor id="body" of="Body" />
            </h2>
            <Fields api={api} shown={shown} id="body" schema={body.schema} />
          </section>
        )}
        <Responses place={place} shown={shown} responses={operation.responses} />
      </div>
      {isWebhook ? (
        <div class="trying">
          <h2>Example</h2>
          <Examples body={body ?? {}} label={operation.operationId} />
        </div>
      ) : (
        <TryForm api={api} entry={entry} />
      )}
    </div>
  );
}

function Parameters({
  api,
  shown,
  list,
}: {
  readonly api: ApiDocument;
  readonly shown: Map<string, string>;
  readonly list: readonly Parameter[];
}) {
  return (
    <>
      {Object.entries(PLACES).map(([kind, title]) => {
        const here = list.filter((parameter) => parameter.in === kind);
        if (here.length === 0) return null;
        return (
          <section class="part">
            <h2>{title}</h2>
            <FieldList>
              {here.map((parameter) => (
                <Field api={api} shown={shown} id={kind} {...parameter} />
              ))}
            </FieldList>
          </section>
        );
      })}
    </>
  );
}

/** An error whose body is the usual one; the page of errors explains it. */
function isUsual(status: string, { content, headers }: ApiResponse): boolean {
  if (!(status in ERROR_STATUSES)) return false;
  const { schema } = content?.['application/json'] ?? {};
  const names = Object.keys(headers ?? {});
  return (
    schema?.$ref === '#/components/schemas/Failure' && names.every((name) => name === 'Retry-After')
  );
}

function Responses({
  place,
  shown,
  responses,
}: {
  readonly place: Place;
  readonly shown: Map<string, string>;
  readonly responses: Readonly<Record<string, ApiResponse>>;
}) {
  const all = Object.entries(responses);
  const usual = all.filter(([status, response]) => isUsual(status, response));
  return (
    <section class="part" id="responses">
      <h2>
        Responses <Anchor id="responses" of="Responses" />
      </h2>
      {all
        .filter((each) => !usual.includes(each))
        .map(([status, response]) => (
          <details class="response" id={`response-${status}`} open={status.startsWith('2')}>
            <summary>
              <Status status={status} />{' '}
              <span class="meaning">
                <Line text={response.description} />
              </span>
            </summary>
            <Headers api={place.api} shown={shown} status={status} response={response} />
            <Content api={place.api} shown={shown} status={status} response={response} />
          </details>
        ))}
      {usual.length > 0 && (
        <ul class="errors">
          {usual.map(([status, { description, content }]) => (
            <li id={`response-${status}`}>
              <a href={linkTo(place, `errors#${status}`)}>
                <Status status={status} />
              </a>{' '}
              <span class="meaning">
                <Line text={description} /> <Codes body={content} />
              </span>
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}

/** The codes of an error, from its examples. */
function Codes({ body }: { readonly body: ApiResponse['content'] }) {
  const examples = Object.values(body?.['application/json']?.examples ?? {});
  const codes = examples.map(({ value }) => (value as { code?: string }).code);
  return <>{codes.flatMap((code) => (code === undefined ? [] : [<code>{code}</code>, ' ']))}</>;
}

/** The status of a response, in the colour of its class. */
export function Status({ status }: { readonly status: string | ErrorStatus }) {
  return <span class={`status s${String(status)[0]}`}>{status}</span>;
}

interface Of {
  readonly shown: Map<string, string>;
  readonly api: ApiDocument;
  readonly status: string;
  readonly response: ApiResponse;
}

function Headers({ api, shown, status, response }: Of) {
  if (response.headers === undefined) return null;
  return (
    <FieldList>
      {Object.entries(response.headers).map(([name, header]) => (
        <Field api={api} shown={shown} id={`response-${status}.headers`} name={name} {...header} />
      ))}
    </FieldList>
  );
}

function Content({ api, shown, status, response }: Of) {
  const [type, body] = Object.entries(response.content ?? {})[0] ?? [];
  if (type === undefined || body === undefined) return <p class="about">No body.</p>;
  if (type !== 'application/json') {
    return (
      <p class="about">
        <code>{type}</code>
      </p>
    );
  }
  return (
    <>
      <Examples body={body} label={`Example of ${status}`} />
      <Fields api={api} shown={shown} id={`response-${status}`} schema={body.schema} />
    </>
  );
}

/** The examples of a body. */
function Examples({ body, label }: { readonly body: MediaType; readonly label: string }) {
  return (
    <>
      {Object.values(body.examples ?? {}).map(({ summary, value }) => (
        <figure>
          <figcaption>{summary}</figcaption>
          <Code text={JSON.stringify(value, null, 2)} label={`${label}: ${summary}`} />
        </figure>
      ))}
    </>
  );
}
