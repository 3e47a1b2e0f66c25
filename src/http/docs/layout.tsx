import type { ComponentChildren } from '#jsx/jsx-runtime';
import { type ApiDocument, type Entry, entriesOf } from './api-document.ts';
import { Badge } from './text.tsx';

/** The guides: pages that explain what the reference does not. */
export const GUIDES = [
  { slug: 'authentication', title: 'Authentication' },
  { slug: 'idempotency', title: 'Idempotency' },
  { slug: 'errors', title: 'Errors' },
  { slug: 'reasons', title: 'Reasons and delays' },
  { slug: 'webhooks', title: 'Webhooks' },
] as const;

/**
 * Where a page is. Links are relative, so that the pages also work behind a proxy that adds a prefix:
 * `/docs` reaches the others by `docs/…`, and they reach each other by their names.
 */
export interface Place {
  readonly api: ApiDocument;
  /** The last part of the path; an empty text for `/docs`. */
  readonly slug: string;
}

/** The relative URL of a page, or of a file of the pages. */
export function linkTo({ slug }: Place, target: string): string {
  if (slug === '') return target === '' ? 'docs' : `docs/${target}`;
  return target === '' ? '../docs' : target;
}

/** The operations by tag, in the document's sequence. */
export function groupsOf(api: ApiDocument): { tag: string; about: string; list: Entry[] }[] {
  const entries = entriesOf(api);
  return api.tags
    .map(({ name, description }) => ({
      tag: name,
      about: description,
      list: entries.filter(({ operation }) => operation.tags[0] === name),
    }))
    .filter(({ list }) => list.length > 0);
}

/** The frame of every page: its head, the bar with the search and the key, and the navigation. */
export function Layout({
  place,
  title,
  children,
}: {
  readonly place: Place;
  readonly title: string;
  readonly children: ComponentChildren;
}) {
  return (
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <title>{title}</title>
        <link rel="icon" type="image/svg+xml" href={linkTo(place, 'icon.svg')} />
        <link rel="stylesheet" href={linkTo(place, 'docs.css')} />
        <script type="module" src={linkTo(place, 'docs.js')} />
      </head>
      <body>
        <a class="skip" href="#main">
          Skip to the content
        </a>
        <TopBar place={place} />
        <div class="layout">
          <Navigation place={place} />
          <main id="main" tabindex={-1}>
            {children}
          </main>
        </div>
      </body>
    </html>
  );
}

function TopBar({ place }: { readonly place: Place }) {
  return (
    <header class="top">
      <a class="brand" href={linkTo(place, '')}>
        <img src={linkTo(place, 'icon.svg')} alt="" width="26" height="26" /> rx-orders{' '}
        <span>{place.api.info.version}</span>
      </a>
      <a class="menu" href="#nav">
        Menu
      </a>
      <div class="search" id="search" hidden>
        <input
          id="search-input"
          type="search"
          role="combobox"
          aria-label="Search"
          aria-expanded="false"
          aria-controls="search-results"
          aria-autocomplete="list"
          autocomplete="off"
          spellcheck="false"
          placeholder="Search  ( / )"
        />
        <ul id="search-results" role="listbox" aria-label="Results" hidden />
      </div>
      <label class="key">
        API key
        <input
          id="api-key"
          type="password"
          autocomplete="off"
          spellcheck="false"
          placeholder="cv-api-key"
        />
      </label>
      <a class="source" href={place.slug === '' ? 'openapi.json' : '../openapi.json'}>
        openapi.json
      </a>
    </header>
  );
}

function Navigation({ place }: { readonly place: Place }) {
  const link = (slug: string, children: ComponentChildren) => (
    <li>
      <a href={linkTo(place, slug)} aria-current={slug === place.slug ? 'page' : undefined}>
        {children}
      </a>
    </li>
  );
  return (
    <nav id="nav" aria-label="Documentation">
      <h2 id="nav-guides">Guides</h2>
      <ul class="plain" aria-labelledby="nav-guides">
        {link('', 'Overview')}
        {GUIDES.map(({ slug, title }) => link(slug, title))}
      </ul>
      {groupsOf(place.api).map(({ tag, list }) => (
        <>
          <h2 id={`nav-${tag}`}>{tag}</h2>
          <ul aria-labelledby={`nav-${tag}`}>
            {list.map(({ method, operation, isWebhook }) =>
              link(operation.operationId, [
                <Badge method={isWebhook ? 'event' : method} />,
                <span>{operation.summary}</span>,
              ]),
            )}
          </ul>
        </>
      ))}
    </nav>
  );
}
