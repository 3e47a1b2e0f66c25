import { isIP } from 'node:net';
import { z } from 'zod';

export const port = z.coerce.number().int().min(1).max(65_535);

/** The URL of a site, without a path. */
export const origin = z
  .url({ protocol: /^https?$/ })
  .refine((url) => /^[a-z]+:\/\/[^/]+\/?$/.test(url), 'must have no path')
  .transform((url) => url.replace(/\/$/, ''));

/** Addresses and CIDR ranges. A range of all addresses is refused: every client could forge its address. */
export const proxies = z.string().transform((text, context): readonly string[] => {
  const list = text.split(',').map((each) => each.trim());
  if (list.every(isAddressRange)) return list;
  context.addIssue({
    code: 'custom',
    message: 'must be a comma-separated list of addresses or CIDR ranges',
  });
  return z.NEVER;
});

function isAddressRange(text: string): boolean {
  const [, address = '', prefix = '1'] = /^([^/%]+)(?:\/(\d{1,3}))?$/.exec(text) ?? [];
  const family = isIP(address);
  return family !== 0 && Number(prefix) >= 1 && Number(prefix) <= (family === 4 ? 32 : 128);
}

/** A host and a port to listen on. */
export interface HostAndPort {
  readonly host: string;
  readonly port: number;
}

/** Returns a host for URLs: a server that listens on all addresses is reachable on loopback. */
export function reachable(host: string): string {
  if (host === '0.0.0.0' || host === '::') return '127.0.0.1';
  return host.includes(':') ? `[${host}]` : host;
}

/** `host:port`; an IPv6 host has brackets. */
export const address = z.string().transform((text, context): HostAndPort => {
  const [, v6, name, digits] = /^(?:\[([^\]]+)\]|([^\s:[\]/]+)):(\d{1,5})$/.exec(text) ?? [];
  const host = v6 ?? name;
  const number = port.safeParse(digits);
  if (host !== undefined && number.success && (v6 === undefined || isIP(v6) === 6)) {
    return { host, port: number.data };
  }
  context.addIssue({ code: 'custom', message: 'must be host:port, such as 127.0.0.1:9464' });
  return z.NEVER;
});
