import type { RateState } from '../organizations/rate-limit.ts';

/**
 * The headers that tell a client where its key stands (draft-ietf-httpapi-ratelimit-headers-10):
 * `q` requests in `w` seconds, of which `r` are left, and all of them again in `t` seconds. Where
 * several processes serve, `r` is what this one knows.
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
