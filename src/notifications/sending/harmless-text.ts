/**
 * The start of an answer's body as text that can be stored, logged and shown: a foreign server wrote it.
 * White space becomes a blank; controls, marks that turn the direction of writing, and bytes that are no
 * UTF-8 become U+FFFD. A character that the limit cuts is left out.
 */
export function harmlessText(bytes: Uint8Array, limitBytes: number): string {
  const text = new TextDecoder().decode(bytes.subarray(0, limitBytes), {
    stream: bytes.length > limitBytes,
  });
  return text.replace(/[\s\p{Zl}\p{Zp}]/gu, ' ').replace(/[\p{Cc}\p{Cf}\p{Co}\p{Cn}]/gu, '\uFFFD');
}
