/** The role of the stack's own database. */
export const USER = 'rx_orders';

/** The name of the stack's own database. */
export const DATABASE = 'rx_orders';

/** The address of the stack's own database. */
export function databaseUrl(port: number, password: string, database = DATABASE): string {
  return `postgres://${USER}:${password}@127.0.0.1:${port}/${database}`;
}
