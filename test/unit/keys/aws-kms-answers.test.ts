import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { SealBrokenError } from '../../../src/keys/aead.ts';
import { createAwsKmsKeyProvider } from '../../../src/keys/aws-kms-key-provider.ts';
import { type KeyProvider, KeyServiceError } from '../../../src/keys/key-provider.ts';
import { KeyMissingError } from '../../../src/keys/key-ring.ts';
import { flood } from '../../support/flood.ts';

// Errors of AWS KMS by its API Reference, which the server of test/e2e/aws-kms.test.ts cannot return.

const KEY = 'arn:aws:kms:eu-west-2:111122223333:key/00000001-0000-4000-8000-000000000000';

let service: Server;
let answer: { status: number; body: object | 'flood' };
let asked: number;
let codings: string | string[] | undefined;
let flooded: () => number;
let provider: KeyProvider;
beforeAll(async () => {
  service = createServer((request, response) => {
    request.resume();
    asked += 1;
    codings = request.headers['accept-encoding'];
    response.writeHead(answer.status, { 'content-type': 'application/x-amz-json-1.1' });
    if (answer.body === 'flood') flooded = flood(response, '{"Plaintext":"');
    else response.end(JSON.stringify(answer.body));
  });
  service.listen(0, '127.0.0.1');
  await once(service, 'listening');
  provider = createAwsKmsKeyProvider({
    keyIds: [KEY],
    endpoint: `http://127.0.0.1:${(service.address() as AddressInfo).port}`,
    credentials: { accessKeyId: 'test-access', secretAccessKey: 'test-secret-of-tests' },
  });
});
afterAll(() => {
  service.closeAllConnections();
  service.close();
});

const unwrap = () =>
  provider.unwrap({ masterKeyId: KEY, wrapped: Buffer.alloc(100) }, 'data-key/1/2');

it.each([
  ['NotFoundException', 400, new KeyMissingError(KEY, 'AWS KMS says NotFoundException'), 1],
  ['DisabledException', 400, new KeyMissingError(KEY, 'AWS KMS says DisabledException'), 1],
  [
    'KMSInvalidStateException',
    400,
    new KeyMissingError(KEY, 'AWS KMS says KMSInvalidStateException'),
    1,
  ],
  ['AccessDeniedException', 400, new KeyMissingError(KEY, 'AWS KMS says AccessDeniedException'), 1],
  ['InvalidCiphertextException', 400, new SealBrokenError(), 1],
  ['IncorrectKeyException', 400, new SealBrokenError(), 1],
  ['ThrottlingException', 400, new KeyServiceError('ThrottlingException'), 2],
  ['KeyUnavailableException', 500, new KeyServiceError('KeyUnavailableException'), 2],
  ['KMSInternalException', 500, new KeyServiceError('KMSInternalException'), 2],
  ['UnrecognizedClientException', 400, new KeyServiceError('UnrecognizedClientException'), 1],
])('turns %s into an error with only that code', async (type, status, error, attempts) => {
  answer = { status, body: { __type: type, message: 'quotes a request' } };
  asked = 0;
  await expect(unwrap()).rejects.toEqual(error);
  expect(asked).toBe(attempts);
});

it('reports an answer without bytes as a failure of the service', async () => {
  answer = { status: 200, body: {} };
  const error = new KeyServiceError('EmptyAnswer');
  await expect(unwrap()).rejects.toEqual(error);
  await expect(provider.wrap(Buffer.alloc(32), 'data-key/1/2')).rejects.toEqual(error);
});

it('requests an answer without a content coding, which would pass the limit', async () => {
  answer = { status: 200, body: {} };
  await expect(unwrap()).rejects.toThrow();
  expect(codings).toBe('identity');
});

it.each([200, 400, 500])(
  'gives up an endless answer with status %d after a few kilobytes',
  async (status) => {
    answer = { status, body: 'flood' };
    const error = new KeyServiceError('AnswerTooLarge');
    await expect(unwrap()).rejects.toEqual(error);
    await expect(provider.wrap(Buffer.alloc(32), 'data-key/1/2')).rejects.toEqual(error);
    expect(flooded()).toBeLessThan(4 * 1024 * 1024);
  },
);
