/**
 * Decodes base64 strictly (RFC 4648): the standard or the URL alphabet, with or without padding and line
 * breaks. `Buffer.from` would skip every other character and return garbage.
 *
 * @returns undefined if the text is not base64.
 */
export function decodeBase64(text: string): Buffer | undefined {
  const compact = text.replace(/\s+/g, '').replace(/={1,2}$/, '');
  if (compact.length % 4 === 1) return undefined;
  if (!/^[A-Za-z0-9+/]*$/.test(compact) && !/^[\w-]*$/.test(compact)) return undefined;
  return Buffer.from(compact, 'base64');
}
