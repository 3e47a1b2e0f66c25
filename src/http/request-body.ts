import { isAscii, isUtf8 } from 'node:buffer';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { InvalidBodyError, UnsupportedBodyError } from './errors/http-errors.ts';

/** Reads the bodies of `application/json`, and none of any other type. */
export function readJsonBodies(app: FastifyInstance): void {
  app.removeAllContentTypeParsers();
  // `__proto__` and the like are unknown fields, which the schema ignores, or stand in
  // `customFields`, which pass untouched; only own, known keys are ever copied.
  const parseJson = app.getDefaultJsonParser('ignore', 'ignore');
  app.addContentTypeParser<Buffer>(
    'application/json',
    { parseAs: 'buffer' },
    (request, body, done) => {
      // In ASCII all charsets agree, so a client that labels it otherwise is understood all the same.
      if (!isAscii(body) && isLabelledOtherThanUtf8(request.headers['content-type'])) {
        return done(new UnsupportedBodyError('charset must be UTF-8'));
      }
      // Read as text, other bytes would silently become replacement characters in a prescription.
      if (!isUtf8(body)) return done(new InvalidBodyError('body must be UTF-8 text'));
      void parseJson(request, body.toString('utf8'), done);
    },
  );
}

/**
 * Refuses a body that would have to be decoded before it could be read: a small one can become very
 * large, and what is not undone would be taken for what was sent.
 *
 * @throws {UnsupportedBodyError} it is compressed (415).
 */
export async function refuseCodedBody(request: FastifyRequest, reply: FastifyReply): Promise<void> {
  const { 'content-encoding': content, 'transfer-encoding': transfer } = request.headers;
  if (content !== undefined && content.toLowerCase() !== 'identity') {
    reply.header('accept-encoding', 'identity'); // RFC 9110, 15.5.16
    throw new UnsupportedBodyError('Content-Encoding must be identity');
  }
  // Node undoes the chunks and takes whatever else stands before them for done.
  if (transfer !== undefined && transfer.toLowerCase() !== 'chunked') {
    throw new UnsupportedBodyError('Transfer-Encoding must be chunked');
  }
}

function isLabelledOtherThanUtf8(contentType = ''): boolean {
  const [, charset] = /;\s*charset\s*=\s*"?([^\s";]*)/i.exec(contentType) ?? [];
  return charset !== undefined && !/^utf-?8$/i.test(charset);
}
