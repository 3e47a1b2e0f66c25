/** The bytes of a document are not what the pharmacy announced, or not a document at all. */
export class DocumentMismatchError extends Error {
  override readonly name = 'DocumentMismatchError';
  readonly code:
    | 'DOCUMENT_MISMATCH'
    | 'DOCUMENT_EMPTY'
    | 'DOCUMENT_TOO_LARGE'
    | 'DOCUMENT_TRUNCATED'
    | 'DOCUMENT_WRONG_TYPE';

  /** @param problem completes the sentence "the document …". */
  constructor(code: DocumentMismatchError['code'], problem: string) {
    super(problem);
    this.code = code;
  }
}

/** The store has no document with this key. */
export class DocumentMissingError extends Error {
  override readonly name = 'DocumentMissingError';
}

/**
 * A stored document cannot be opened: it was altered or truncated, belongs to another order or document,
 * or was sealed with another key. `message` names only the storage key.
 */
export class DocumentBrokenError extends Error {
  override readonly name = 'DocumentBrokenError';
  readonly code = 'DOCUMENT_BROKEN';

  constructor(storageKey: string) {
    super(`document ${storageKey} was altered or truncated, or belongs to another order`);
  }
}

/** The storage service failed. A retry may succeed. */
export class DocumentStoreError extends Error {
  override readonly name = 'DocumentStoreError';
  /** E.g. `DOCUMENT_STORE_AccessDenied`. */
  readonly code: string;

  /** @param reason a code of the service or the operating system, e.g. `AccessDenied`. */
  constructor(reason: string) {
    super(`the document store failed: ${reason}`);
    this.code = `DOCUMENT_STORE_${reason}`;
  }
}
