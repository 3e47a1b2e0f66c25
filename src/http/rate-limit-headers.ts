import type { RateState } from '../organizations/rate-limit.ts';

/**
 * The headers that report a key's rate limit to its client (draft-ietf-httpapi-ratelimit-headers-10):
 * the key may send `q` requests in `w` seconds, `r` of them are left, and the quota is full again in
 * `t` seconds. When several processes serve, `r` is what this process knows.
 */
export function rateLimitHeaders({ burst, remaining, perSecond }: RateState) {
  const quota = Math.max(1, Math.floor(burst));
  const left = Math.min(quota, remaining);
  const window = Math.max(1, Math.round(burst / perSecond));
  const refilledIn = Math.ceil((quota - left) / perSecond);
  return {
    'ratelimit-policy': `"key";q=${quota};w=${window}`,
    ratelimit: `"key";r=${left};t=${refilledIn}`,
  };
}
