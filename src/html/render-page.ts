import type { VNode } from '#jsx/jsx-runtime';
import { renderToString } from '#jsx/render-to-string';

/**
 * Renders a whole page, `<html>` and everything in it, as text. JSX escapes every text and attribute,
 * so values of clients and pharmacies stay text; a lint rule forbids the property that would not.
 */
export function renderPage(html: VNode): string {
  return `<!doctype html>${renderPart(html)}`;
}

/** Renders a part of a page, as {@link renderPage} does. */
export function renderPart(part: VNode): string {
  return renderToString(part);
}
