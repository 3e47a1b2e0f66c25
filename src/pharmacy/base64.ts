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
