import type { PrescriptionOrder } from './place-order.ts';
import type { FieldError } from './validation.ts';

export function findIdentifierFaults(_order: PrescriptionOrder): FieldError[] {
  return [];
}
