import type { Payload, PayloadCodec } from '@temporalio/common';
import proto from '@temporalio/proto';
import { open, seal } from '../keys/aead.ts';
import { type KeyRing, keyOf, ringFor } from '../keys/key-ring.ts';

const { Payload: PayloadMessage } = proto.temporal.api.common.v1;

/** The encoding name that Temporal's samples and other SDKs use for encrypted payloads. */
const ENCODING = 'binary/encrypted';
const CIPHER = 'AES-256-GCM';
/**
 * The context that a payload is sealed for. It cannot include the workflow's id, because the codec
 * server, which decrypts payloads for the Temporal UI, learns only the namespace (docs/adr/0020).
 */
const CONTEXT = 'temporal-payload';

/**
 * Creates the codec that encrypts whole payloads, metadata included, with the ring's active key, and
 * adds the key's id. Decoding passes every other encoding through unchanged: histories from before
 * encryption, input that people type into the Temporal UI, and payloads of the Temporal server.
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
 * @throws {KeyMissingError} the ring lacks the key; the error names it.
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
