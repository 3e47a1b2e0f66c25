// Every workflow, for Temporal's bundler: one bundle serves all workers of a process.
export { order } from './order.ts';
export { webhookDelivery } from './webhook-delivery.ts';
