import type { Bug } from './bug.ts';
import { DOCUMENT_BUGS } from './documents.ts';
import { HTTP_BUGS } from './http.ts';
import { NOTIFICATION_BUGS } from './notifications.ts';
import { ORDER_BUGS } from './orders.ts';
import { PHARMACY_BUGS } from './pharmacies.ts';
import { STORAGE_BUGS } from './storage.ts';

/** Every planted bug, along an order's path through the system. */
export const ALL_BUGS: readonly Bug[] = [
  ...ORDER_BUGS,
  ...PHARMACY_BUGS,
  ...DOCUMENT_BUGS,
  ...NOTIFICATION_BUGS,
  ...STORAGE_BUGS,
  ...HTTP_BUGS,
];
