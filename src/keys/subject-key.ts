import { createHmac, hkdfSync } from 'node:crypto';
import { decodeSealed, open, SealBrokenError, seal } from './aead.ts';

/** An order or case, which has its own key. Destroying the key makes its data unreadable. */
export type Subject = `order/${string}` | `case/${string}`;

/**
 * The key of one order or case. Sealed texts are bound to the subject and the field, so that they do not
 * open in another row or column.
 */
export interface SubjectKey {
  /** @param field a name that is unique in the subject, e.g. `reason`. */
  seal(field: string, text: string): string;
  /**
   * @param sealed null, for a field that is empty or was erased, returns null.
   * @throws {SealBrokenError} the text was altered, or belongs to another subject or field.
   */
  open<Sealed extends string | null>(field: string, sealed: Sealed): Sealed;
  /** Computes a hash that is equal for equal texts in the same field of the same subject. */
  hash(field: string, text: string): Buffer;
  /** Derives a key of 32 bytes for data that is sealed in another place, e.g. a document. */
  derive(purpose: string): Buffer;
}

const VERSION = 'v1.';

/** Creates a {@link SubjectKey} from 32 bytes of key material. */
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
