import { PassThrough } from 'node:stream';
import type { FastifyReply } from 'fastify';
import { renderPage, renderPart } from '../../html/render-page.ts';
import { codeOf } from '../../lib/safe-error.ts';
import type { Log } from '../../process/log.ts';
import { type Frame, Layout } from './layout.tsx';
import { LATER, type View } from './page.ts';

/**
 * Sends a page. Its later parts follow one by one, and the browser shows each at once. They are finished even if the
 * browser goes away: an operator may close the page.
 *
 * @param frame undefined: the page needs no session.
 */
export function sendView(
  reply: FastifyReply,
  { later, ...view }: View,
  log: Log,
  frame?: Frame,
): FastifyReply {
  void reply.type('text/html; charset=utf-8');
  const html = renderPage(Layout({ ...view, frame }));
  if (later === undefined) return reply.send(html);
  const [before = '', after = ''] = html.split(LATER);
  const parts = new PassThrough();
  parts.write(before);
  later((part) => parts.write(renderPart(part))).then(
    () => parts.end(after),
    (error: unknown) => {
      log.error('a page ended early', { code: codeOf(error) });
      parts.destroy();
    },
  );
  // Otherwise nginx would keep the parts until the end.
  return reply.header('x-accel-buffering', 'no').send(parts);
}
