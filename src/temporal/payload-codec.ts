import type { Payload, PayloadCodec } from '@temporalio/common';
import proto from '@temporalio/proto';
import { open, seal } from '../keys/aead.ts';
import { type KeyRing, keyOf, ringFor } from '../keys/key-ring.ts';

const { Payload: PayloadMessage } = proto.temporal.api.common.v1;

/** The encoding by which other SDKs and the samples know an encrypted payload, too. */
const ENCODING = 'binary/encrypted';
const CIPHER = 'AES-256-GCM';
/**
 * What a payload is bound to: that it is one. Not its workflow: the codec server, through which people
 * see payloads, is told the namespace only (docs/adr/0020).
 */
const CONTEXT = 'temporal-payload';

/**
 * Encrypts whole payloads, their own metadata included, under the ring's active key; the key's id
 * stands beside. What is encoded otherwise passes as it is: histories from before, what people type
 * into the Temporal UI, and what the server itself writes.
 */
export function createPayloadCodec(ring: KeyRing): PayloadCodec {
  const keys = ringFor('temporal-payloads', ring);
  const [active] = keys;
  return {
    encode: async (payloads) => payloads.map((payload) => encrypt(payload, active)),
    decode: async (payloads) => payloads.map((payload) => decrypt(payload, keys)),
  };
}

function encrypt(payload: Payload, { id, key }: KeyRing[0]): Payload {
  const plain = PayloadMessage.encode(payload).finish();
  return {
    metadata: {
      encoding: Buffer.from(ENCODING),
      'encryption-cipher': Buffer.from(CIPHER),
      'encryption-key-id': Buffer.from(id),
    },
    data: seal(key, CONTEXT, plain),
  };
}

/**
 * @throws {KeyMissingError} the key is not in the ring; the error names it.
 * @throws {SealBrokenError} the payload was altered.
 */
function decrypt(payload: Payload, keys: KeyRing): Payload {
  if (textOf(payload, 'encoding') !== ENCODING) return payload;
  const key = keyOf(keys, textOf(payload, 'encryption-key-id'));
  return PayloadMessage.decode(open(key, CONTEXT, payload.data ?? Buffer.alloc(0)));
}

function textOf({ metadata }: Payload, name: string): string {
  return Buffer.from(metadata?.[name] ?? []).toString();
}
