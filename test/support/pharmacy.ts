import { randomUUID } from 'node:crypto';
import { addPharmacy as register } from '../../src/pharmacy/registry.ts';
import type { WebhookAuth } from '../../src/pharmacy/webhook-auth.ts';
import type { Database } from '../../src/storage/database.ts';
import { type Answer, sendTo } from './test-api.ts';
import { signedHeaders, webhookSecret } from './webhook-signing.ts';

/** A pharmacy that signs its webhooks, for one test. */
export interface TestPharmacy {
  readonly id: string;
  /** Returns the headers that authenticate a webhook. */
  sign(body: string, options?: { webhookId?: string; at?: Date }): Record<string, string>;
  /** Sends a signed webhook to the app. */
  tell(
    baseUrl: string,
    message: unknown,
    options?: { webhookId?: string; at?: Date },
  ): Promise<Answer>;
}

export async function createPharmacy(database: Database): Promise<TestPharmacy> {
  const id = `pharmacy-${randomUUID()}`;
  const secret = webhookSecret();
  await addPharmacy(database, id, { kind: 'standard-webhooks', secret });

  const sign: TestPharmacy['sign'] = (body, options) => signedHeaders(secret, body, options);
  return {
    id,
    sign,
    async tell(baseUrl, message, options) {
      const body = typeof message === 'string' ? message : JSON.stringify(message);
      return await sendTo(baseUrl, 'POST', `/webhooks/pharmacies/${id}`, {
        headers: sign(body, options),
        body,
      });
    },
  };
}

/** Adds a pharmacy with any authentication of its webhooks. */
export async function addPharmacy(
  database: Database,
  id: string,
  webhookAuth: WebhookAuth,
): Promise<void> {
  const settings = { kind: 'rest', baseUrl: 'http://127.0.0.1:9', token: 'token' };
  await register(database, { ...settings, id, webhookAuth, completionLimitMs: null }, false);
}
