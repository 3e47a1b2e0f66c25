import { createHmac, hkdfSync } from 'node:crypto';
import { decodeSealed, open, SealBrokenError, seal } from './aead.ts';

/** What a key of its own belongs to: its data is gone when the key is. */
export type Subject = `order/${string}` | `case/${string}`;

/**
 * The key of one order or case. What it seals is bound to the subject and the field, so that it opens
 * nowhere else.
 */
export interface SubjectKey {
  /** @param field a name that is unique in the subject, e.g. `reason`. */
  seal(field: string, text: string): string;
  /**
   * @param sealed null gives null: there was nothing, or it was erased.
   * @throws {SealBrokenError} it was altered, or is of another subject or field.
   */
  open<Sealed extends string | null>(field: string, sealed: Sealed): Sealed;
  /** A hash by which an equal text is recognized in the same subject and field. */
  hash(field: string, text: string): Buffer;
  /** A key of 32 bytes for something that is sealed elsewhere, e.g. a document. */
  derive(purpose: string): Buffer;
}

const VERSION = 'v1.';

/** The {@link SubjectKey} of key material, 32 bytes. */
export function subjectKey(subject: Subject, material: Uint8Array): SubjectKey {
  const derive = (purpose: string) => Buffer.from(hkdfSync('sha256', material, '', purpose, 32));
  return {
    seal: (field, text) =>
      VERSION + seal(material, `${subject}/${field}`, Buffer.from(text)).toString('base64url'),
    open<Sealed extends string | null>(field: string, sealed: Sealed): Sealed {
      if (sealed === null) return sealed;
      if (!sealed.startsWith(VERSION)) throw new SealBrokenError();
      const bytes = decodeSealed(sealed.slice(VERSION.length));
      return open(material, `${subject}/${field}`, bytes).toString() as Sealed;
    },
    hash: (field, text) =>
      createHmac('sha256', derive(`hash ${field}`))
        .update(text)
        .digest(),
    derive,
  };
}
