// All workflows, for Temporal's bundler: one bundle serves every worker of a process.
export { order } from './order.ts';
export { orderNews } from './order-news.ts';
export { webhookDelivery } from './webhook-delivery.ts';
