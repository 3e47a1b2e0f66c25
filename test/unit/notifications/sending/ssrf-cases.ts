import {
  FORBIDDEN_ADDRESSES,
  MIXED_ANSWERS,
  OTHER_WAYS_TO_WRITE_AN_ADDRESS,
  REBINDING,
} from './ssrf-address-cases.ts';
import { ALLOWED, SANDBOX } from './ssrf-allowed-cases.ts';
import type { SsrfCase } from './ssrf-case.ts';
import { CREDENTIALS, LOCAL_NAMES, OTHER_SHAPES, PORTS } from './ssrf-url-cases.ts';

export const SSRF_CASES: readonly SsrfCase[] = [
  ...OTHER_WAYS_TO_WRITE_AN_ADDRESS,
  ...FORBIDDEN_ADDRESSES,
  ...MIXED_ANSWERS,
  ...REBINDING,
  ...LOCAL_NAMES,
  ...CREDENTIALS,
  ...PORTS,
  ...OTHER_SHAPES,
  ...ALLOWED,
  ...SANDBOX,
];
