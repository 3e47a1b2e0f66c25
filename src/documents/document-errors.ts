/** The bytes that came are not the bytes that were announced: too few, too many or others. */
export class DocumentMismatchError extends Error {
  override readonly name = 'DocumentMismatchError';
}

/** The store has nothing under this key. */
export class DocumentMissingError extends Error {
  override readonly name = 'DocumentMissingError';
}

/**
 * What is stored does not open: it was altered or cut, belongs to another order or document, or was
 * sealed with another key. `message` names the storage key and nothing else.
 */
export class DocumentBrokenError extends Error {
  override readonly name = 'DocumentBrokenError';
  readonly code = 'DOCUMENT_BROKEN';

  constructor(storageKey: string) {
    super(`document ${storageKey} was altered or cut, or belongs elsewhere`);
  }
}

/** The store's service did not do as it was asked; time may mend it. */
export class DocumentStoreError extends Error {
  override readonly name = 'DocumentStoreError';
  /** E.g. `DOCUMENT_STORE_AccessDenied`. */
  readonly code: string;

  /** @param reason the service's or the system's code, e.g. `AccessDenied`, `ECONNREFUSED`. */
  constructor(reason: string) {
    super(`the document store failed: ${reason}`);
    this.code = `DOCUMENT_STORE_${reason}`;
  }
}
