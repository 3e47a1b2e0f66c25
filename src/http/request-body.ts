import { isAscii, isUtf8 } from 'node:buffer';
import type {
  FastifyInstance,
  FastifyReply,
  FastifyRequest,
  HookHandlerDoneFunction,
} from 'fastify';
import { mayHaveFaults, noteJsonFaults } from '../contract/json-faults.ts';
import {
  type JsonSize,
  MOST_JSON_LEVELS,
  MOST_JSON_PARTS,
  measureJson,
} from '../contract/json-size.ts';
import { InvalidBodyError, UnsupportedBodyError } from './errors/http-errors.ts';
import { rateLimitHeaders } from './rate-limit-headers.ts';

/** A body costs one more token of the rate limit for so many bytes, and for so many values and keys. */
const BYTES_PER_TOKEN = 64 * 1024;
const PARTS_PER_TOKEN = 500;

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
      const size = measureJson(body);
      try {
        limitCost(request, body.length, size);
      } catch (error) {
        return done(error as Error);
      }
      // ASCII bytes mean the same in every charset, so a wrong label does no harm there.
      if (!isAscii(body) && isLabelledOtherThanUtf8(request.headers['content-type'])) {
        return done(new UnsupportedBodyError('charset must be UTF-8'));
      }
      // Decoding other bytes would silently put replacement characters into a prescription.
      if (!isUtf8(body)) return done(new InvalidBodyError('body must be UTF-8 text'));
      const text = body.toString('utf8');
      void parseJson(request, text, (error: Error | null, value?: unknown) => {
        // The parser skips a byte order mark.
        if (!error && mayHaveFaults(value, size))
          noteJsonFaults(text.replace(/^\ufeff/, ''), value);
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
export function refuseEncodedBody(
  request: FastifyRequest,
  reply: FastifyReply,
  _payload: unknown,
  done: HookHandlerDoneFunction,
): void {
  const { 'content-encoding': content, 'transfer-encoding': transfer } = request.headers;
  if (content !== undefined && content.toLowerCase() !== 'identity') {
    reply.header('accept-encoding', 'identity'); // RFC 9110, 15.5.16
    throw new UnsupportedBodyError('Content-Encoding must be identity');
  }
  // Node decodes `chunked` only, and treats any coding in front of it as already decoded.
  if (transfer !== undefined && transfer.toLowerCase() !== 'chunked') {
    throw new UnsupportedBodyError('Transfer-Encoding must be chunked');
  }
  done();
}

/**
 * Refuses a body that is expensive to parse and check, and charges the rate limit for a large one. It runs
 * before anything parses the body, because one such body delays every request of the process.
 *
 * @throws {InvalidBodyError} the body has too many values or levels (400).
 * @throws {RateLimitedError} the key owes for an earlier body (429).
 */
function limitCost({ caller }: FastifyRequest, bytes: number, { parts, levels }: JsonSize): void {
  if (levels > MOST_JSON_LEVELS) {
    throw new InvalidBodyError(`body must not be nested deeper than ${MOST_JSON_LEVELS} levels`);
  }
  if (parts > MOST_JSON_PARTS) {
    throw new InvalidBodyError(
      `body must not contain more than ${MOST_JSON_PARTS} values and keys`,
    );
  }
  const tokens = Math.floor(bytes / BYTES_PER_TOKEN + parts / PARTS_PER_TOKEN);
  if (tokens < 1 || caller === null) return;
  caller.rateLimit.refuseOwing();
  caller.rateLimit.charge(tokens);
}

/**
 * Makes the app report the key's rate limit in the headers of each response. A large JSON response is
 * charged first, because reading and writing many rows costs more than one request.
 */
export function chargeResponses(app: FastifyInstance): void {
  app.addHook('onSend', ({ caller }, reply, payload, done) => {
    if (caller === null) return done();
    if (typeof payload === 'string') {
      caller.rateLimit.charge(Math.floor(payload.length / BYTES_PER_TOKEN));
    }
    reply.headers(rateLimitHeaders(caller.rateLimit.state()));
    done();
  });
}

function isLabelledOtherThanUtf8(contentType = ''): boolean {
  const [, charset] = /;\s*charset\s*=\s*"?([^\s";]*)/i.exec(contentType) ?? [];
  return charset !== undefined && !/^utf-?8$/i.test(charset);
}
