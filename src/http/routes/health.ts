import { success } from '../../contract/envelope.ts';
import type { Route } from '../route.ts';

/** `GET /healthz`: the process answers. */
export function health(): Route {
  return {
    method: 'GET',
    url: '/healthz',
    auth: 'none',
    handle: async () => success('OK', {}),
  };
}
