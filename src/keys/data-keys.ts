import { randomBytes, randomUUID } from 'node:crypto';
import { decodeSealed, open, SealBrokenError, seal } from './aead.ts';
import type { KeyProvider, WrappedKey } from './key-provider.ts';
import { KeyMissingError } from './key-ring.ts';
import { trackingNumberHash } from './keyed-hash.ts';
import { type Subject, type SubjectKey, subjectKey } from './subject-key.ts';

/** A row of the table of data keys. */
export interface DataKeyRow extends WrappedKey {
  readonly id: string;
  /** null: the key of the deployment. */
  readonly organizationId: string | null;
}

/** The storage of data keys. */
export interface DataKeyTable {
  find(id: string): Promise<DataKeyRow | undefined>;
  /** The key that currently seals for an organization; null: for the deployment. */
  findActive(organizationId: string | null): Promise<DataKeyRow | undefined>;
  /** Stores an organization's first key. Does nothing if it has a key, or if it does not exist. */
  insertFirst(row: DataKeyRow): Promise<void>;
}

/** The organization whose data should be sealed does not exist. */
export class NoSuchOrganizationError extends Error {
  override readonly name = 'NoSuchOrganizationError';
  readonly code = 'NO_SUCH_ORGANIZATION';
}

/** A hash was needed, but the process has no `HASH_SECRET`. */
export class NoHashSecretError extends Error {
  override readonly name = 'NoHashSecretError';
  readonly code = 'HASH_SECRET_NOT_SET';
}

/**
 * Seals and opens data that must not be in clear text in Postgres (docs/adr/0022). A master key wraps one
 * data key per organization; the data key wraps one key per order and case. Unwrapped data keys stay in
 * memory.
 */
export interface Keys {
  /**
   * Seals a text with the data key of an organization; null: of the deployment.
   *
   * @param context the place of the text, e.g. `endpoint/<id>/secret`; {@link Keys.open} needs the same.
   * @throws {NoSuchOrganizationError} the organization does not exist.
   */
  seal(organizationId: string | null, context: string, text: string): Promise<string>;
  /**
   * Opens the result of {@link Keys.seal}; returns null for null.
   *
   * @throws {SealBrokenError} the text was altered, or was sealed for another context.
   * @throws {KeyMissingError} a key is missing; the error names it.
   */
  open<Sealed extends string | null>(context: string, sealed: Sealed): Promise<Sealed>;
  /**
   * Creates the key of a new order or case; at once, if the organization's data key is in memory.
   *
   * @returns the key, and its wrapped form for the row of the order or case.
   * @throws {NoSuchOrganizationError} the organization does not exist; the promise rejects with it.
   */
  createSubject(organizationId: string, subject: Subject): NewSubject | Promise<NewSubject>;
  /** Unwraps the key of an order or case from its row. Throws the same errors as {@link Keys.open}. */
  openSubject(subject: Subject, wrapped: string): Promise<SubjectKey>;
  /** Opens a sealed text and seals it again with the data key that is active now. */
  rewrap(organizationId: string | null, context: string, sealed: string): Promise<string>;
  /**
   * Computes the hash by which a parcel is found in every order; its number is sealed.
   *
   * @throws {NoHashSecretError} the keys were created without the deployment's hash secret.
   */
  trackingHash(trackingNumber: string): Buffer;
  /** Forgets which data keys are active. Call it after a rotation. */
  forgetActive(): void;
}

/** The key of a new order or case. */
interface NewSubject {
  readonly key: SubjectKey;
  /** Wrapped by a data key, for the row. */
  readonly wrapped: string;
}

interface DataKey {
  readonly id: string;
  readonly material: Buffer;
}

/**
 * How long a process caches which data key is active, in milliseconds. After a rotation, other processes
 * may seal with the old key for this long.
 */
export const ACTIVE_KEY_KEPT_MS = 15_000;
const SEALED = /^v1\.([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\.([\w-]+)$/;

/** The data key that seals for an organization. */
interface ActiveKey {
  readonly loading: Promise<DataKey>;
  /** Set once it is loaded. */
  loaded?: DataKey;
  /** By `performance.now()`. */
  readonly until: number;
}

function sealWith({ id, material }: DataKey, context: string, plain: Uint8Array): string {
  return `v1.${id}.${seal(material, context, plain).toString('base64url')}`;
}

function newSubject(dataKey: DataKey, subject: Subject): NewSubject {
  const material = randomBytes(32);
  return { key: subjectKey(subject, material), wrapped: sealWith(dataKey, subject, material) };
}

/**
 * Creates {@link Keys} from a provider of master keys and a table of data keys.
 *
 * @param hashSecret the key of the hashes by which sealed texts are found; undefined: they are not needed.
 */
export function createKeys(provider: KeyProvider, table: DataKeyTable, hashSecret?: string): Keys {
  const known = new Map<string, Promise<DataKey>>();
  const active = new Map<string | null, ActiveKey>();

  async function unwrap(row: DataKeyRow): Promise<DataKey> {
    return { id: row.id, material: await provider.unwrap(row, contextOf(row)) };
  }

  /** Loads a data key once; only failures are retried. */
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
    // Another process may have inserted its key first.
    const row = await table.findActive(organizationId);
    if (row === undefined) throw new NoSuchOrganizationError();
    return row;
  }

  function activeKey(organizationId: string | null): ActiveKey {
    const found = active.get(organizationId);
    if (found !== undefined && found.until > performance.now()) return found;
    const loading = loadActive(organizationId);
    const entry: ActiveKey = { loading, until: performance.now() + ACTIVE_KEY_KEPT_MS };
    active.set(organizationId, entry);
    loading.then(
      (key) => {
        entry.loaded = key;
      },
      () => active.delete(organizationId),
    );
    return entry;
  }

  async function sealBytes(organizationId: string | null, context: string, plain: Uint8Array) {
    return sealWith(await activeKey(organizationId).loading, context, plain);
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
    createSubject(organizationId, subject) {
      const { loaded, loading } = activeKey(organizationId);
      return loaded === undefined
        ? loading.then((dataKey) => newSubject(dataKey, subject))
        : newSubject(loaded, subject);
    },
    openSubject: async (subject, wrapped) => subjectKey(subject, await openBytes(subject, wrapped)),
    rewrap: async (organizationId, context, sealed) =>
      await sealBytes(organizationId, context, await openBytes(context, sealed)),
    trackingHash(trackingNumber) {
      if (hashSecret === undefined) throw new NoHashSecretError();
      return trackingNumberHash(hashSecret, trackingNumber);
    },
    forgetActive: () => active.clear(),
  };
}

/** Creates a wrapped data key, which the caller must store. */
export async function newDataKey(
  provider: KeyProvider,
  organizationId: string | null,
): Promise<DataKeyRow> {
  const id = randomUUID();
  const context = contextOf({ id, organizationId });
  return { id, organizationId, ...(await provider.wrap(randomBytes(32), context)) };
}

/** Returns the context that a data key is wrapped with. */
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
