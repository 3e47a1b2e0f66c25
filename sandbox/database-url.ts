import { createHmac } from 'node:crypto';

/** The owner of the sandbox's database. */
export const USER = 'rx_orders';

/** The name of the sandbox's database. */
export const DATABASE = 'rx_orders';

/** The database role of each program; migration 0013 creates them. */
export const ROLES = {
  server: 'rx_orders_server',
  worker: 'rx_orders_worker',
  operator: 'rx_orders_operator',
} as const;

/** Returns the URL with which the owner connects to the sandbox's database. */
export function databaseUrl(port: number, password: string, database = DATABASE): string {
  return `postgres://${USER}:${password}@127.0.0.1:${port}/${database}`;
}

/** Returns the same URL for one of the {@link ROLES}. The role's password is derived from the owner's. */
export function urlOfRole(ownerUrl: string, role: keyof typeof ROLES): string {
  const url = new URL(ownerUrl);
  url.username = ROLES[role];
  url.password = createHmac('sha256', url.password).update(ROLES[role]).digest('hex');
  return url.href;
}
