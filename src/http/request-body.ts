import { isAscii, isUtf8 } from 'node:buffer';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { noteJsonFaults } from '../contract/json-faults.ts';
import { InvalidBodyError, UnsupportedBodyError } from './errors/http-errors.ts';

/** Makes the app read bodies of type `application/json` and refuse every other type (415). */
export function readJsonBodies(app: FastifyInstance): void {
  app.removeAllContentTypeParsers();
  // Keys such as `__proto__` are safe: the schema ignores them as unknown fields, and `customFields`
  // passes them on unchanged. Code copies only own, known keys.
  const parseJson = app.getDefaultJsonParser('ignore', 'ignore');
  app.addContentTypeParser<Buffer>(
    'application/json',
    { parseAs: 'buffer' },
    (request, body, done) => {
      // ASCII bytes mean the same in every charset, so a wrong label does no harm there.
      if (!isAscii(body) && isLabelledOtherThanUtf8(request.headers['content-type'])) {
        return done(new UnsupportedBodyError('charset must be UTF-8'));
      }
      // Decoding other bytes would silently put replacement characters into a prescription.
      if (!isUtf8(body)) return done(new InvalidBodyError('body must be UTF-8 text'));
      const text = body.toString('utf8');
      void parseJson(request, text, (error: Error | null, value?: unknown) => {
        // The parser skips a byte order mark.
        if (!error) noteJsonFaults(text.replace(/^\ufeff/, ''), value);
        done(error, value);
      });
    },
  );
}

/**
 * Refuses a body with a content or transfer coding that must be decoded first. A small compressed body
 * can become very large, and a body that is not decoded would be read as if it were the JSON.
 *
 * @throws {UnsupportedBodyError} the body is encoded (415).
 */
export async function refuseEncodedBody(
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<void> {
  const { 'content-encoding': content, 'transfer-encoding': transfer } = request.headers;
  if (content !== undefined && content.toLowerCase() !== 'identity') {
    reply.header('accept-encoding', 'identity'); // RFC 9110, 15.5.16
    throw new UnsupportedBodyError('Content-Encoding must be identity');
  }
  // Node decodes `chunked` only, and treats any coding in front of it as already decoded.
  if (transfer !== undefined && transfer.toLowerCase() !== 'chunked') {
    throw new UnsupportedBodyError('Transfer-Encoding must be chunked');
  }
}

function isLabelledOtherThanUtf8(contentType = ''): boolean {
  const [, charset] = /;\s*charset\s*=\s*"?([^\s";]*)/i.exec(contentType) ?? [];
  return charset !== undefined && !/^utf-?8$/i.test(charset);
}
