import { defineSignal } from '@temporalio/workflow';

/** The workflow type's name in Temporal. Open workflows carry it, so it never changes. */
export const ORDER_NEWS_WORKFLOW = 'orderNews';

/** The workflow id of the news about an order. */
export function orderNewsWorkflowId(orderId: string): string {
  return `order-news-${orderId}`;
}

/** The input of the workflow: an id only. */
export interface OrderNewsInput {
  readonly orderId: string;
}

/** Signal: the pharmacy reported something about an order that has ended. A hint, as in the order's workflow. */
export const newsArrived = defineSignal('newsArrived');
