import { describe, expect, it } from 'vitest';
import {
  failure,
  idempotencyConflict,
  orderCreated,
  success,
} from '../../../src/contract/envelope.ts';

const body = JSON.stringify;

describe('the answers that the contract fixes, byte for byte', () => {
  it('writes the 200', () => {
    expect(body(orderCreated('0198a000-0000-7000-8000-000000000001'))).toBe(
      '{"status":200,"success":true,"message":"Order created successfully","data":{"order":{"id":"0198a000-0000-7000-8000-000000000001"}}}',
    );
  });

  it.each([
    [400, 'firstName is required'],
    [401, 'Unauthorized'],
    [403, 'Permission denied'],
  ] as const)('writes the %i', (status, error) => {
    expect(body(failure(status, error))).toBe(
      `{"status":${status},"success":false,"message":"Invalid request","error":"${error}"}`,
    );
  });

  it('writes the 409', () => {
    expect(body(idempotencyConflict())).toBe(
      '{"status":409,"success":false,"code":"IDEMPOTENCY_ERROR","description":"A record with the provided idempotencyKey already exists for this organization."}',
    );
  });
});

describe('what the project adds', () => {
  it('puts the list of errors behind the fixed part, with path and message only', () => {
    const problem = { path: 'order.npi', field: 'npi', message: 'npi is required' };
    expect(body(failure(400, 'npi is required', [problem]))).toBe(
      '{"status":400,"success":false,"message":"Invalid request","error":"npi is required","errors":[{"path":"order.npi","message":"npi is required"}]}',
    );
  });

  it.each([
    [404, 'Not found'],
    [405, 'Method not allowed'],
    [408, 'Request timeout'],
    [409, 'Conflict'],
    [413, 'Payload too large'],
    [415, 'Unsupported media type'],
    [429, 'Too many requests'],
    [431, 'Request header fields too large'],
    [500, 'Internal server error'],
    [503, 'Service unavailable'],
    [417, 'Invalid request'],
  ] as const)('says in %i: %s', (status, message) => {
    expect(failure(status, 'why')).toStrictEqual({ status, success: false, message, error: 'why' });
  });

  it('wraps data with another status where one is given', () => {
    expect(body(success('Accepted', {}, 202))).toBe(
      '{"status":202,"success":true,"message":"Accepted","data":{}}',
    );
  });
});
