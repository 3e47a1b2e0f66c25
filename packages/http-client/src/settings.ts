/** Longest delay of a timer, in milliseconds: a longer one would fire at once. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** How a call is repeated; see {@link HttpClientOptions.retries}. */
export interface RetryOptions {
  /** How often a request is sent at the most; 1 means that nothing is repeated. Default 5. */
  readonly maxAttempts?: number;
  /** Upper bound of the first wait, in milliseconds; it doubles with each attempt. Default 250. */
  readonly initialDelayMs?: number;
  /** Upper bound of every such wait, in milliseconds. Default 5,000. */
  readonly maxDelayMs?: number;
  /**
   * The longest `Retry-After` that is waited for, in milliseconds; one that asks for more ends the
   * call with an error that carries it. Default 30,000.
   */
  readonly maxRetryAfterMs?: number;
}

/** What a client is made of. */
export interface HttpClientOptions {
  /**
   * Where the server is, e.g. `https://api.example.com`; a path before `/api/v1` may follow. Over
   * plain `http:` the key and the prescriptions can be read on the way: keep that to the loopback.
   */
  readonly baseUrl: string;
  /** Sent as `cv-api-key`, to `baseUrl` only. */
  readonly apiKey: string;
  /** Time for a whole call with all its attempts and waits, in milliseconds. Default 60,000. */
  readonly timeoutMs?: number;
  /** Time for one attempt, its answer's body included, in milliseconds. Default 15,000. */
  readonly attemptTimeoutMs?: number;
  /**
   * Network errors, time-outs, half answers, 408, 429, 502, 503 and 504 are tried again, with full
   * jitter. Every request of this client may be repeated: a placement always carries a key.
   */
  readonly retries?: RetryOptions;
  /** Sends requests in place of the global `fetch`, e.g. through an agent of one's own. */
  readonly fetch?: typeof fetch;
}

/** {@link HttpClientOptions}, checked and complete. */
export interface Settings {
  /** Without a slash at its end. */
  readonly baseUrl: string;
  readonly apiKey: string;
  readonly timeoutMs: number;
  readonly attemptTimeoutMs: number;
  readonly retries: Required<RetryOptions>;
  readonly fetch: typeof fetch;
}

/** @throws {TypeError} names the option that breaks a rule, never its value. */
export function settingsFrom(options: HttpClientOptions): Settings {
  const { retries = {} } = options;
  return {
    baseUrl: checkedBaseUrl(options.baseUrl),
    apiKey: checkedApiKey(options.apiKey),
    timeoutMs: milliseconds('timeoutMs', options.timeoutMs ?? 60_000),
    attemptTimeoutMs: milliseconds('attemptTimeoutMs', options.attemptTimeoutMs ?? 15_000),
    retries: {
      maxAttempts: atLeast(1, 'retries.maxAttempts', retries.maxAttempts ?? 5),
      initialDelayMs: atLeast(0, 'retries.initialDelayMs', retries.initialDelayMs ?? 250),
      maxDelayMs: atLeast(0, 'retries.maxDelayMs', retries.maxDelayMs ?? 5_000),
      maxRetryAfterMs: atLeast(0, 'retries.maxRetryAfterMs', retries.maxRetryAfterMs ?? 30_000),
    },
    // Not taken out of its object: a browser's `fetch` throws when it is called as a method.
    fetch: options.fetch ?? ((input, init) => fetch(input, init)),
  };
}

function checkedBaseUrl(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol)) {
    throw new TypeError('baseUrl must be an http: or https: URL');
  }
  if (url.username !== '' || url.password !== '' || url.search !== '' || url.hash !== '') {
    throw new TypeError('baseUrl must not hold credentials, a query or a fragment');
  }
  return url.href.replace(/\/+$/, '');
}

/** Checked here because the error for a header that cannot be sent would quote it. */
function checkedApiKey(key: string): string {
  if (typeof key !== 'string' || !/^[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?$/.test(key)) {
    throw new TypeError('apiKey must be printable ASCII, without spaces around it');
  }
  return key;
}

function milliseconds(name: string, value: number): number {
  if (!(value > 0)) throw new TypeError(`${name} must be a number of milliseconds above 0`);
  return Math.min(value, LONGEST_TIMER_MS);
}

function atLeast(min: number, name: string, value: number): number {
  if (!(value >= min)) throw new TypeError(`${name} must be a number of ${min} or more`);
  return Math.min(value, LONGEST_TIMER_MS);
}
