/**
 * Decodes base64 strictly (RFC 4648): the standard or the URL alphabet, with or without line breaks and
 * with complete padding or none. `Buffer.from` would skip every other character and return garbage.
 *
 * @returns undefined if the text is not base64.
 */
export function decodeBase64(text: string): Buffer | undefined {
  // A space within a line was once a plus sign, so it is not skipped.
  const padded = text.trim().replace(/[\r\n]+[\t ]*/g, '');
  const compact = padded.replace(/={1,2}$/, '');
  if (padded !== compact && padded.length % 4 !== 0) return undefined;
  if (compact.length % 4 === 1) return undefined;
  if (!/^[A-Za-z0-9+/]*$/.test(compact) && !/^[\w-]*$/.test(compact)) return undefined;
  return Buffer.from(compact, 'base64');
}

/** The part before the base64 of a data URL (RFC 2397). */
const DATA_PREFIX = /^data:[^,]*;base64,/i;

/**
 * Decodes a data URL strictly; see {@link decodeBase64}.
 *
 * @returns undefined if the text is not a data URL in base64.
 */
export function decodeDataUrl(url: string): Buffer | undefined {
  const prefix = DATA_PREFIX.exec(url)?.[0];
  return prefix === undefined ? undefined : decodeBase64(url.slice(prefix.length));
}
