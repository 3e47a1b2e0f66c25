import type { ForeignAccess } from '../egress/destination.ts';
import { openForeign } from '../egress/open-foreign.ts';
import { essenceOf } from './answer-fields.ts';
import type { Download } from './gateway.ts';
import {
  asPharmacyError,
  createIdleTimeout,
  type HttpCalls,
  httpFault,
  statusError,
  untilIdle,
} from './http-calls.ts';
import { PharmacyFaultError, PharmacyUnavailableError } from './pharmacy-errors.ts';

const MOST_REDIRECTS = 5;
/** The file is not there yet: being rendered, not visible in the object storage, or locked. */
const NOT_READY = [202, 204, 403, 404, 409];
/** A signed link may also have expired. The next attempt reads a fresh one. */
const NOT_READY_ELSEWHERE = [...NOT_READY, 400, 401, 410];

/** Opens the link of a document. */
export type OpenDocument = (link: string, signal: AbortSignal) => Promise<Download>;

/**
 * Creates the function that opens a document's link. The link may be relative, on the pharmacy's own
 * origin, or elsewhere, e.g. a signed link to object storage; a redirect may lead elsewhere too. The
 * credentials go to the pharmacy's own origin only. Everything elsewhere is behind the destination rules
 * of webhooks, because the pharmacy chooses it.
 *
 * @param options.base the base URL of the pharmacy, without a slash at its end.
 * @param options.headers the credentials, for the pharmacy's own origin.
 * @param options.timeoutMs the longest wait for the answer and for each part of the document.
 */
export function createOpenDocument(options: {
  readonly base: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly http: HttpCalls;
  readonly foreign: ForeignAccess;
  readonly timeoutMs: number;
}): OpenDocument {
  const { base, headers, http, foreign, timeoutMs } = options;
  const { origin } = new URL(base);

  async function openOwn(url: URL, signal: AbortSignal): Promise<Download | { location: string }> {
    const { response, bytes } = await http.open(url.href, { accept: '*/*', ...headers }, signal);
    const location = locationOf(response.status, response.headers.get('location'));
    if (location !== undefined) {
      await response.body?.cancel();
      return { location };
    }
    if (response.status !== 200) throw await httpFault(response, NOT_READY);
    return { bytes, contentType: essenceOf(response.headers.get('content-type') ?? '') };
  }

  async function openElsewhere(
    url: URL,
    signal: AbortSignal,
  ): Promise<Download | { location: string }> {
    const idle = createIdleTimeout(timeoutMs);
    try {
      const opened = await openForeign(url.href, foreign, AbortSignal.any([signal, idle.signal]));
      if ('refusal' in opened) {
        throw opened.refusal.code === 'dns'
          ? new PharmacyUnavailableError('DOCUMENT_HOST_UNRESOLVED')
          : new PharmacyFaultError('DOCUMENT_DESTINATION_FORBIDDEN');
      }
      const { statusCode: status = 0, headers: answered } = opened;
      const location = locationOf(status, answered.location ?? null);
      if (location !== undefined || status !== 200) opened.destroy();
      if (location !== undefined) return { location };
      if (status !== 200) {
        throw statusError(status, answered['retry-after'] ?? null, NOT_READY_ELSEWHERE);
      }
      const contentType = essenceOf(answered['content-type'] ?? '');
      return { bytes: untilIdle(opened, idle), contentType };
    } catch (error) {
      idle.clear();
      throw asPharmacyError(error);
    }
  }

  /** The destination rules refuse a URL that contains a user name or password; `fetch` would only fail. */
  function hasOwnOrigin({ origin: other, username, password }: URL): boolean {
    return other === origin && username === '' && password === '';
  }

  return async (link, signal) => {
    let url = resolve(link, `${base}/`);
    let isOwn = hasOwnOrigin(url);
    for (let redirects = 0; redirects <= MOST_REDIRECTS; redirects += 1) {
      const opened = isOwn ? await openOwn(url, signal) : await openElsewhere(url, signal);
      if (!('location' in opened)) return opened;
      url = resolve(opened.location, url.href);
      // A foreign server must not direct our credentials.
      isOwn &&= hasOwnOrigin(url);
    }
    throw new PharmacyFaultError('DOCUMENT_REDIRECTS_TOO_OFTEN');
  };
}

function locationOf(status: number, location: string | null): string | undefined {
  return [301, 302, 303, 307, 308].includes(status) ? (location ?? undefined) : undefined;
}

/** Resolves a link. Its fragment is for browsers: it is not sent. */
function resolve(link: string, base: string): URL {
  if (!URL.canParse(link, base)) throw new PharmacyFaultError('DOCUMENT_URL_MALFORMED');
  const url = new URL(link, base);
  if (url.protocol !== 'https:' && url.protocol !== 'http:') {
    throw new PharmacyFaultError('DOCUMENT_URL_MALFORMED');
  }
  url.hash = '';
  return url;
}
