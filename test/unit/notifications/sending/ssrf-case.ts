import type { AddressRule } from '../../../../src/egress/address-rules.ts';
import type { UrlRule } from '../../../../src/egress/destination.ts';

/** A URL, what DNS says of its host at each look-up, and what must become of a request to it. */
export interface SsrfCase {
  readonly url: string;
  readonly sandbox: boolean;
  /** The answers of DNS, one a look-up; the last one stays. */
  readonly dns: readonly (readonly string[])[];
  /** The rule that refuses it, or the one address that may be connected to. */
  readonly expected: { readonly refused: UrlRule | AddressRule } | { readonly connects: string };
}

export const PUBLIC = '93.184.215.14';
export const PUBLIC_V6 = '2606:2800:21f:cb07:6820:80da:af6b:8b2c';
export const INSIDE = '10.0.0.5';

/** URLs that are refused as they are, whatever DNS says; it says "public". */
export const refusedUrls = (rule: UrlRule, urls: readonly string[], sandbox = false): SsrfCase[] =>
  urls.map((url) => ({ url, sandbox, dns: [[PUBLIC]], expected: { refused: rule } }));

/** An address that is refused, be it in the URL or what a name resolves to. */
export const refusedAddresses = (rule: AddressRule, addresses: readonly string[]): SsrfCase[] =>
  addresses.flatMap((address) => [
    named([[address]], { refused: rule }),
    ...refusedUrls('address', [`https://${address.includes(':') ? `[${address}]` : address}/hook`]),
  ]);

export const named = (
  dns: SsrfCase['dns'],
  expected: SsrfCase['expected'],
  url = 'https://hooks.example.com/hook',
): SsrfCase => ({ url, sandbox: false, dns, expected });

/** What only a resolver can answer: no URL holds it. */
export const refusedAnswers = (
  rule: AddressRule,
  answers: readonly (readonly string[])[],
): SsrfCase[] => answers.map((answer) => named([answer], { refused: rule }));

export const allowedUrls = (urls: readonly string[]): SsrfCase[] =>
  urls.map((url) => named([[PUBLIC]], { connects: PUBLIC }, url));

export const inSandbox = (
  url: string,
  expected: SsrfCase['expected'],
  ...dns: string[]
): SsrfCase => ({
  url,
  sandbox: true,
  dns: [dns],
  expected,
});
