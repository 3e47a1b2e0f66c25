import { randomBytes, randomUUID } from 'node:crypto';
import { decodeSealed, open, SealBrokenError, seal } from './aead.ts';
import type { KeyProvider, WrappedKey } from './key-provider.ts';
import { KeyMissingError } from './key-ring.ts';
import { type Subject, type SubjectKey, subjectKey } from './subject-key.ts';

/** A data key as its row has it. */
export interface DataKeyRow extends WrappedKey {
  readonly id: string;
  /** null: the deployment's own. */
  readonly organizationId: string | null;
}

/** Where data keys are stored. */
export interface DataKeyTable {
  find(id: string): Promise<DataKeyRow | undefined>;
  /** The one that seals for an organization now. */
  findActive(organizationId: string | null): Promise<DataKeyRow | undefined>;
  /** Stores an organization's first key; does nothing when it has one, or does not exist. */
  insertFirst(row: DataKeyRow): Promise<void>;
}

/** There is no organization whose data could be sealed. */
export class NoSuchOrganizationError extends Error {
  override readonly name = 'NoSuchOrganizationError';
  readonly code = 'NO_SUCH_ORGANIZATION';
}

/**
 * Seals and opens what must not stand in clear in Postgres (docs/adr/0022): a master key wraps a data
 * key for each organization, which wraps a key for each order and case. Data keys are kept in memory.
 */
export interface Keys {
  /**
   * Seals a text with an organization's data key; null: the deployment's own.
   *
   * @param context where it belongs, e.g. `endpoint/<id>/secret`; {@link Keys.open} needs the same.
   */
  seal(organizationId: string | null, context: string, text: string): Promise<string>;
  /**
   * Opens what {@link Keys.seal} gave; null gives null.
   *
   * @throws {SealBrokenError} it was altered, or belongs elsewhere.
   * @throws {KeyMissingError} a key is gone; the error names it.
   */
  open<Sealed extends string | null>(context: string, sealed: Sealed): Promise<Sealed>;
  /**
   * Makes the key of a new order or case.
   *
   * @returns the key, and the text that its row keeps.
   * @throws {NoSuchOrganizationError} there is no such organization.
   */
  createSubject(
    organizationId: string,
    subject: Subject,
  ): Promise<{ readonly key: SubjectKey; readonly wrapped: string }>;
  /** The key of an order or case, from its row; throws as {@link Keys.open} does. */
  openSubject(subject: Subject, wrapped: string): Promise<SubjectKey>;
  /** Seals anew, with the data key that is active now, what an older one has sealed. */
  rewrap(organizationId: string | null, context: string, sealed: string): Promise<string>;
  /** Looks up anew which data keys are active: they were rotated. */
  forgetActive(): void;
}

interface DataKey {
  readonly id: string;
  readonly material: Buffer;
}

/** How long another process may go on to seal with a data key that was rotated, in milliseconds. */
export const ACTIVE_KEY_KEPT_MS = 15_000;
const SEALED = /^v1\.([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\.([\w-]+)$/;

/** Keys on a provider of master keys and a table of data keys. */
export function createKeys(provider: KeyProvider, table: DataKeyTable): Keys {
  const known = new Map<string, Promise<DataKey>>();
  const active = new Map<
    string | null,
    { readonly key: Promise<DataKey>; readonly until: number }
  >();

  async function unwrap(row: DataKeyRow): Promise<DataKey> {
    return { id: row.id, material: await provider.unwrap(row, contextOf(row)) };
  }

  /** Kept for good, but for failures. */
  function keyOfId(id: string): Promise<DataKey> {
    return kept(known, id, async () => {
      const row = await table.find(id);
      if (row === undefined) throw new KeyMissingError(id);
      return await unwrap(row);
    });
  }

  async function loadActive(organizationId: string | null): Promise<DataKey> {
    const row = (await table.findActive(organizationId)) ?? (await createFirst(organizationId));
    return await kept(known, row.id, () => unwrap(row));
  }

  async function createFirst(organizationId: string | null): Promise<DataKeyRow> {
    await table.insertFirst(await newDataKey(provider, organizationId));
    // Another process may have been first.
    const row = await table.findActive(organizationId);
    if (row === undefined) throw new NoSuchOrganizationError();
    return row;
  }

  async function activeKey(organizationId: string | null): Promise<DataKey> {
    const found = active.get(organizationId);
    if (found !== undefined && found.until > performance.now()) return await found.key;
    const key = loadActive(organizationId);
    active.set(organizationId, { key, until: performance.now() + ACTIVE_KEY_KEPT_MS });
    key.catch(() => active.delete(organizationId));
    return await key;
  }

  async function sealBytes(organizationId: string | null, context: string, plain: Uint8Array) {
    const { id, material } = await activeKey(organizationId);
    return `v1.${id}.${seal(material, context, plain).toString('base64url')}`;
  }

  async function openBytes(context: string, sealed: string): Promise<Buffer> {
    const [, id, bytes] = SEALED.exec(sealed) ?? [];
    if (id === undefined || bytes === undefined) throw new SealBrokenError();
    const { material } = await keyOfId(id);
    return open(material, context, decodeSealed(bytes));
  }

  return {
    seal: (organizationId, context, text) => sealBytes(organizationId, context, Buffer.from(text)),
    async open<Sealed extends string | null>(context: string, sealed: Sealed): Promise<Sealed> {
      if (sealed === null) return sealed;
      return (await openBytes(context, sealed)).toString() as Sealed;
    },
    async createSubject(organizationId, subject) {
      const material = randomBytes(32);
      const wrapped = await sealBytes(organizationId, subject, material);
      return { key: subjectKey(subject, material), wrapped };
    },
    openSubject: async (subject, wrapped) => subjectKey(subject, await openBytes(subject, wrapped)),
    rewrap: async (organizationId, context, sealed) =>
      await sealBytes(organizationId, context, await openBytes(context, sealed)),
    forgetActive: () => active.clear(),
  };
}

/** A new data key, wrapped. */
export async function newDataKey(
  provider: KeyProvider,
  organizationId: string | null,
): Promise<DataKeyRow> {
  const id = randomUUID();
  const context = contextOf({ id, organizationId });
  return { id, organizationId, ...(await provider.wrap(randomBytes(32), context)) };
}

/** What a data key's wrapping is bound to. */
export function contextOf({
  id,
  organizationId,
}: Pick<DataKeyRow, 'id' | 'organizationId'>): string {
  return `data-key/${organizationId ?? 'deployment'}/${id}`;
}

async function kept<K, V>(map: Map<K, Promise<V>>, key: K, load: () => Promise<V>): Promise<V> {
  const found = map.get(key) ?? load();
  map.set(key, found);
  try {
    return await found;
  } catch (error) {
    map.delete(key);
    throw error;
  }
}
