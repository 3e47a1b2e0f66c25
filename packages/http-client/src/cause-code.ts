/**
 * Reads the error code from a rejection of `fetch`. Node puts it in the cause. Nothing else is kept,
 * because the error can contain bytes of the answer.
 */
export function causeCodeOf(error: unknown): string | undefined {
  for (const place of [error, error instanceof Error ? error.cause : undefined]) {
    const code = (place as { code?: unknown } | null | undefined)?.code;
    if (typeof code === 'string' && /^[A-Z][A-Z0-9_]{0,63}$/.test(code)) return code;
  }
  return undefined;
}
