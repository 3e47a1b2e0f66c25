import { defaultPayloadConverter, type Payload } from '@temporalio/common';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SealBrokenError } from '../../../src/keys/aead.ts';
import { KeyMissingError, parseKeyRing } from '../../../src/keys/key-ring.ts';
import { createPayloadCodec } from '../../../src/temporal/payload-codec.ts';

const key = (id: string, fill: number) => `${id}:${Buffer.alloc(32, fill).toString('base64')}`;
const codec = (...keys: string[]) => createPayloadCodec(parseKeyRing(keys.join(',')));
const OLD = key('2026-05', 1);
const NEW = key('2026-11', 2);

/** A value after a round trip through JSON, which writes -0 as 0. */
const json = fc.jsonValue().map((value): unknown => JSON.parse(JSON.stringify(value)));

const clear = (value: unknown): Payload => defaultPayloadConverter.toPayload(value);
const metadata = (payload: Payload | undefined, name: string) =>
  Buffer.from(payload?.metadata?.[name] ?? []).toString();

describe('an encrypted payload', () => {
  it('round-trips, and shows only the id of its key', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(json, { maxLength: 5 }), async (values) => {
        const encoded = await codec(NEW).encode(values.map(clear));
        for (const payload of encoded) {
          expect(metadata(payload, 'encoding')).toBe('binary/encrypted');
          expect(metadata(payload, 'encryption-key-id')).toBe('2026-11');
        }
        const decoded = await codec(NEW).decode(encoded);
        expect(decoded.map((each) => defaultPayloadConverter.fromPayload(each))).toEqual(values);
      }),
    );
    const [payload] = await codec(NEW).encode([clear('Jane Sample')]);
    expect(Buffer.from(payload?.data ?? []).toString('latin1')).not.toMatch(/Jane|json/);
  });

  it('is decrypted with its own key, and encrypted with the active one', async () => {
    const before = await codec(OLD).encode([clear(1)]);
    const rotated = codec(NEW, OLD);
    expect(defaultPayloadConverter.fromPayload((await rotated.decode(before))[0]!)).toBe(1);
    expect(metadata((await rotated.encode([clear(1)]))[0], 'encryption-key-id')).toBe('2026-11');
  });

  it('names a missing key in the error', async () => {
    const decoding = codec(NEW).decode(await codec(OLD).encode([clear(1)]));
    await expect(decoding).rejects.toThrow(KeyMissingError);
    await expect(decoding).rejects.toThrow(/2026-05/);
  });

  it('is refused if a bit was flipped, or if it was truncated', async () => {
    const [payload] = await codec(NEW).encode([clear('x')]);
    const data = Buffer.from(payload!.data!);
    for (let bit = 0; bit < data.length * 8; bit += 1) {
      const altered = Buffer.from(data);
      altered[bit >> 3] = altered[bit >> 3]! ^ (1 << (bit & 7));
      await expect(codec(NEW).decode([{ ...payload, data: altered }])).rejects.toThrow(
        SealBrokenError,
      );
    }
    const cut = codec(NEW).decode([{ ...payload, data: data.subarray(0, -1) }]);
    await expect(cut).rejects.toThrow(SealBrokenError);
  });
});

it('passes payloads of other encodings through unchanged', async () => {
  const payloads = [
    clear({ by: 'anna' }),
    {},
    { metadata: { encoding: Buffer.from('binary/null') } },
  ];
  expect(await codec(NEW).decode(payloads)).toEqual(payloads);
});
