/** The bytes that came are not the bytes that were announced: too few, too many or others. */
export class DocumentMismatchError extends Error {
  override readonly name = 'DocumentMismatchError';
}

/** The store has nothing under this key. */
export class DocumentMissingError extends Error {
  override readonly name = 'DocumentMissingError';
}
