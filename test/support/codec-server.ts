import { defaultPayloadConverter } from '@temporalio/common';
import type { FastifyInstance } from 'fastify';
import { createCodecServer } from '../../src/http/codec-server/app.ts';
import { createFailedAttempts } from '../../src/http/edge/failed-attempts.ts';
import { parseKeyRing } from '../../src/keys/key-ring.ts';
import { createPayloadCodec } from '../../src/temporal/payload-codec.ts';
import { createKeptLog } from './logs.ts';
import { ENCRYPTION_KEYS } from './organization.ts';

export const TOKEN = 'the-operators-own-token';
export const UI = 'http://127.0.0.1:8233';

const codec = createPayloadCodec(parseKeyRing(ENCRYPTION_KEYS));

export type CodecServerOptions = Partial<Parameters<typeof createCodecServer>[0]>;

/** Creates a codec server whose time a test sets, and which three wrong tokens lock. */
export function codecServer(now: () => number, options: CodecServerOptions): FastifyInstance {
  const log = createKeptLog();
  const failedAttempts = createFailedAttempts({ burst: 3, perSecond: 1 }, log, { now });
  return createCodecServer({
    codec,
    token: TOKEN,
    uiOrigin: UI,
    failedAttempts,
    tls: undefined,
    log,
    now,
    ...options,
  });
}

/** A payload as JSON. */
export interface Wire {
  metadata: Record<string, string>;
  data: string;
}

/** Encrypts a value, as a worker does before it sends it to Temporal. */
export async function encrypted(value: unknown): Promise<Wire> {
  const [payload] = await codec.encode([defaultPayloadConverter.toPayload(value)]);
  const metadata = Object.entries(payload?.metadata ?? {}).map(([name, bytes]) => [
    name,
    Buffer.from(bytes).toString('base64'),
  ]);
  const data = Buffer.from(payload?.data ?? []).toString('base64');
  return { metadata: Object.fromEntries(metadata) as Record<string, string>, data };
}
