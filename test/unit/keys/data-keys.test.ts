import { describe, expect, it } from 'vitest';
import { SealBrokenError } from '../../../src/keys/aead.ts';
import { createLocalKeyProvider } from '../../../src/keys/create-key-provider.ts';
import { createKeys, NoSuchOrganizationError, newDataKey } from '../../../src/keys/data-keys.ts';
import { KeyMissingError, parseKeyRing } from '../../../src/keys/key-ring.ts';
import { memoryTable } from './memory-table.ts';

const master = (id: string, fill: number) => `${id}:${Buffer.alloc(32, fill).toString('base64')}`;
const OLD = master('2026-05', 1);
const NEW = master('2026-11', 2);
const provider = (...keys: string[]) => createLocalKeyProvider(parseKeyRing(keys.join(',')));

function setUp() {
  const table = memoryTable();
  return { table, keys: createKeys(provider(OLD), table) };
}

describe('data of an organization', () => {
  it('opens only in its context, in any process with the master key', async () => {
    const { table, keys } = setUp();
    const sealed = await keys.seal('org', 'endpoint/1/secret', 'whsec_x');
    expect(sealed).not.toContain('whsec_x');
    const other = createKeys(provider(NEW, OLD), table);
    expect(await other.open('endpoint/1/secret', sealed)).toBe('whsec_x');
    await expect(other.open('endpoint/2/secret', sealed)).rejects.toThrow(SealBrokenError);
  });

  it('has one data key after concurrent first uses', async () => {
    const { table, keys } = setUp();
    await Promise.all(Array.from({ length: 20 }, () => keys.seal('org', 'here', 'text')));
    await keys.seal(null, 'here', 'text');
    expect(table.rows.map(({ organizationId }) => organizationId)).toEqual(['org', null]);
  });

  it('does not open if any character was changed', async () => {
    const { keys } = setUp();
    const sealed = await keys.seal('org', 'here', 'twelve bytes');
    for (let at = 0; at < sealed.length - 1; at += 1) {
      const changed = sealed.slice(0, at) + (sealed[at] === 'A' ? 'B' : 'A') + sealed.slice(at + 1);
      await expect(keys.open('here', changed)).rejects.toThrow(
        /sealed data|encryption key .+ is unavailable/,
      );
    }
    await expect(keys.open('here', 'clear text')).rejects.toThrow(SealBrokenError);
  });

  it('cannot be sealed for an organization that does not exist', async () => {
    await expect(setUp().keys.seal('nobody', 'here', 'x')).rejects.toThrow(NoSuchOrganizationError);
  });
});

describe('a missing key', () => {
  it('is named in the error if it is a master key', async () => {
    const { table, keys } = setUp();
    const sealed = await keys.seal('org', 'here', 'text');
    const later = createKeys(provider(NEW), table);
    const opening = later.open('here', sealed);
    await expect(opening).rejects.toThrow(KeyMissingError);
    await expect(opening).rejects.toThrow(/encryption key 2026-05 is unavailable/);
    await expect(opening).rejects.toMatchObject({ code: 'ENCRYPTION_KEY_MISSING 2026-05' });
    expect(await createKeys(provider(NEW, OLD), table).open('here', sealed)).toBe('text');
  });

  it('is named in the error if it is a data key', async () => {
    const { table, keys } = setUp();
    const sealed = await keys.seal('org', 'here', 'text');
    const [row] = table.rows.splice(0);
    const later = createKeys(provider(OLD), table);
    await expect(later.open('here', sealed)).rejects.toMatchObject({ keyId: row?.id });
  });

  it('is found after it was restored', async () => {
    const { table, keys } = setUp();
    const sealed = await keys.seal('org', 'here', 'text');
    const [row] = table.rows.splice(0);
    const later = createKeys(provider(OLD), table);
    await expect(later.open('here', sealed)).rejects.toThrow(KeyMissingError);
    if (row !== undefined) table.rows.push(row);
    expect(await later.open('here', sealed)).toBe('text');
  });
});

it('wraps a data key only for its owner', async () => {
  const table = memoryTable();
  const row = await newDataKey(provider(OLD), 'org');
  table.rows.push({ ...row, organizationId: 'other' });
  await expect(createKeys(provider(OLD), table).seal('other', 'here', 'x')).rejects.toThrow(
    SealBrokenError,
  );
});

it('seals with the new data key after forgetActive, and opens data of the old one', async () => {
  const { table, keys } = setUp();
  const before = await keys.seal('org', 'here', 'text');
  table.rows.push(await newDataKey(provider(OLD), 'org'));
  expect((await keys.seal('org', 'here', 'x')).slice(0, 39)).toBe(before.slice(0, 39));
  keys.forgetActive();
  const after = await keys.rewrap('org', 'here', before);
  expect(after.slice(0, 39)).toBe(`v1.${table.rows[1]?.id}`);
  expect([await keys.open('here', before), await keys.open('here', after)]).toEqual([
    'text',
    'text',
  ]);
});

describe('the key of an order', () => {
  it('opens only its own fields, and none of another order', async () => {
    const { keys } = setUp();
    const [one, two] = await Promise.all([
      keys.createSubject('org', 'order/1'),
      keys.createSubject('org', 'order/2'),
    ]);
    const sealed = one.key.seal('reason', 'told by Jane');
    expect(sealed).not.toContain('Jane');
    const again = await keys.openSubject('order/1', one.wrapped);
    expect(again.open('reason', sealed)).toBe('told by Jane');
    expect(again.open('reason', null)).toBeNull();
    expect(() => again.open('cancelReason', sealed)).toThrow(SealBrokenError);
    expect(() => two.key.open('reason', sealed)).toThrow(SealBrokenError);
    // Not even if the key is copied to the other order.
    await expect(keys.openSubject('order/2', one.wrapped)).rejects.toThrow(SealBrokenError);
  });

  it('gives equal hashes for equal texts in one field only', async () => {
    const { keys } = setUp();
    const { key } = await keys.createSubject('org', 'order/1');
    const { key: other } = await keys.createSubject('org', 'order/2');
    const hex = (buffer: Buffer) => buffer.toString('hex');
    expect(hex(key.hash('trackingId', 'T1'))).toBe(hex(key.hash('trackingId', 'T1')));
    const all = [
      key.hash('trackingId', 'T1'),
      key.hash('trackingId', 'T2'),
      key.hash('name', 'T1'),
      other.hash('trackingId', 'T1'),
      key.derive('trackingId'),
    ];
    expect(new Set(all.map(hex)).size).toBe(all.length);
  });
});
