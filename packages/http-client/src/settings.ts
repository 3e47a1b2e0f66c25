/** Longest delay of a timer, in milliseconds. Runtimes fire a longer one immediately. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** How often and when a call is retried; see {@link HttpClientOptions.retries}. */
export interface RetryOptions {
  /** Maximum number of attempts; 1 turns retries off. Default 5. */
  readonly maxAttempts?: number;
  /** Upper bound of the first wait, in milliseconds. It doubles with each attempt. Default 250. */
  readonly initialDelayMs?: number;
  /** Upper bound of every wait, in milliseconds. Default 5,000. */
  readonly maxDelayMs?: number;
  /**
   * Longest `Retry-After` that the client waits for, in milliseconds. A longer one ends the call with
   * an error that carries it. Default 30,000.
   */
  readonly maxRetryAfterMs?: number;
}

/** Options of `createHttpClient`. */
export interface HttpClientOptions {
  /**
   * The URL of the server, e.g. `https://api.example.com`, with the path in front of `/api/v1` if
   * there is one. Plain `http:` exposes the key and the prescriptions to the network: use it on the
   * loopback interface only.
   */
  readonly baseUrl: string;
  /** The API key. The client sends it as `cv-api-key`, to `baseUrl` only. */
  readonly apiKey: string;
  /** Time limit of a call with all its attempts and waits, in milliseconds. Default 60,000. */
  readonly timeoutMs?: number;
  /** Time limit of one attempt, including the body of its answer, in milliseconds. Default 15,000. */
  readonly attemptTimeoutMs?: number;
  /**
   * The client retries network errors, timeouts, truncated answers, 408, 429, 502, 503 and 504, with
   * exponential backoff and full jitter. Retries are safe for every call: a placement always carries
   * an idempotency key.
   */
  readonly retries?: RetryOptions;
  /** Replaces the global `fetch`, e.g. to use a proxy agent. */
  readonly fetch?: typeof fetch;
}

/** {@link HttpClientOptions}, validated and with defaults. */
export interface Settings {
  /** Without a trailing slash. */
  readonly baseUrl: string;
  readonly apiKey: string;
  readonly timeoutMs: number;
  readonly attemptTimeoutMs: number;
  readonly retries: Required<RetryOptions>;
  readonly fetch: typeof fetch;
}

/**
 * Validates the options and applies the defaults.
 *
 * @throws {TypeError} an option breaks a rule. The message names the option, never its value.
 */
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
    // Browsers throw when `fetch` is called as a method of another object.
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

/** Checked here, because the runtime's error for an invalid header would quote the key. */
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
