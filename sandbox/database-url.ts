import { createHmac } from 'node:crypto';

/** The owner of the sandbox's database and of its tables. The owner is not a superuser. */
export const OWNER = 'rx_orders';

/** The superuser of the sandbox's Postgres. No program of the sandbox logs in as the superuser. */
export const SUPERUSER = 'postgres';

/** The name of the sandbox's database. */
export const DATABASE = 'rx_orders';

/** The database role of each program; migration 0013 creates them. */
export const ROLES = {
  server: 'rx_orders_server',
  worker: 'rx_orders_worker',
  operator: 'rx_orders_operator',
} as const;

/** Returns the URL with which the owner connects to the sandbox's database. */
export function databaseUrl(port: number, password: string): string {
  return `postgres://${OWNER}:${password}@127.0.0.1:${port}/${DATABASE}`;
}

/** Returns the same URL for one of the {@link ROLES}. The role's password is derived from the owner's. */
export function urlOfRole(ownerUrl: string, role: keyof typeof ROLES): string {
  return urlOf(ownerUrl, ROLES[role]);
}

/** Returns the same URL for the superuser, whose password is derived from the owner's too. */
export function superuserUrl(ownerUrl: string): string {
  return urlOf(ownerUrl, SUPERUSER);
}

function urlOf(ownerUrl: string, login: string): string {
  const url = new URL(ownerUrl);
  url.username = login;
  url.password = createHmac('sha256', url.password).update(login).digest('hex');
  return url.href;
}
