import type { VNode } from '#jsx/jsx-runtime';
import { renderPage } from '../../html/render-page.ts';
import { type ApiDocument, entriesOf } from './api-document.ts';
import { AuthenticationPage, ErrorsPage, IdempotencyPage, OverviewPage } from './guides.tsx';
import { GUIDES, Layout, type Place } from './layout.tsx';
import { OperationPage } from './operation-page.tsx';
import { ReasonsPage } from './reasons-page.tsx';
import { WebhooksPage } from './webhooks-page.tsx';

/** The last part of each page's path; an empty text for `/docs`. */
export function docsSlugs(api: ApiDocument): string[] {
  const operations = entriesOf(api).map(({ operation }) => operation.operationId);
  return ['', ...GUIDES.map(({ slug }) => slug), ...operations];
}

/**
 * Renders one page of the documentation as HTML.
 *
 * @param slug one of {@link docsSlugs}.
 */
export function renderDocsPage(api: ApiDocument, slug: string): string {
  const place = { api, slug };
  const { title, body } = contentOf(place);
  return renderPage(
    <Layout place={place} title={`${title} – rx-orders API`}>
      {body}
    </Layout>,
  );
}

function contentOf(place: Place): { title: string; body: VNode } {
  const { api, slug } = place;
  const guide = GUIDES.find((each) => each.slug === slug);
  if (slug === '') return { title: 'Overview', body: <OverviewPage place={place} /> };
  if (guide !== undefined) return { title: guide.title, body: bodyOf(guide.slug, place) };
  const entry = entriesOf(api).find(({ operation }) => operation.operationId === slug);
  if (entry === undefined) throw new Error('the documentation has no such page');
  return { title: entry.operation.summary, body: <OperationPage place={place} entry={entry} /> };
}

function bodyOf(slug: (typeof GUIDES)[number]['slug'], place: Place): VNode {
  switch (slug) {
    case 'authentication':
      return <AuthenticationPage place={place} />;
    case 'idempotency':
      return <IdempotencyPage place={place} />;
    case 'errors':
      return <ErrorsPage place={place} />;
    case 'reasons':
      return <ReasonsPage place={place} />;
    case 'webhooks':
      return <WebhooksPage place={place} />;
  }
}
