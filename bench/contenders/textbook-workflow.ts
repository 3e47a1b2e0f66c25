import { condition, defineSignal, proxyActivities, setHandler } from '@temporalio/workflow';
import type { TextbookSteps } from './textbook-steps.ts';

/** Tells an order that its pharmacy has completed it. */
export const completedSignal = defineSignal('completed');

const steps = proxyActivities<TextbookSteps>({ startToCloseTimeout: '1 minute' });

/** The order as a tutorial would write it. With activities that do nothing, it is the floor. */
export async function textbookOrder(orderId: string): Promise<void> {
  let isCompleted = false;
  setHandler(completedSignal, () => {
    isCompleted = true;
  });
  await steps.validateOrder(orderId);
  await steps.placeOrder(orderId);
  await condition(() => isCompleted, '30 days');
  await steps.fetchDocuments(orderId);
  await steps.notify(orderId);
}
