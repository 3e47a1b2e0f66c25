import { createHmac } from 'node:crypto';

/** The owner of the stack's own database. */
export const USER = 'rx_orders';

/** The name of the stack's own database. */
export const DATABASE = 'rx_orders';

/** What the programs log in as: see migration 0013. */
export const ROLES = {
  server: 'rx_orders_server',
  worker: 'rx_orders_worker',
  operator: 'rx_orders_operator',
} as const;

/** The address of the stack's own database, for its owner. */
export function databaseUrl(port: number, password: string, database = DATABASE): string {
  return `postgres://${USER}:${password}@127.0.0.1:${port}/${database}`;
}

/** The same address for one of the {@link ROLES}; its password follows from the owner's. */
export function urlOfRole(ownerUrl: string, role: keyof typeof ROLES): string {
  const url = new URL(ownerUrl);
  url.username = ROLES[role];
  url.password = createHmac('sha256', url.password).update(ROLES[role]).digest('hex');
  return url.href;
}
