import {
  CancellationScope,
  proxyActivities,
  setCurrentDetails,
  setHandler,
} from '@temporalio/workflow';
import type { OrderNewsActivities } from './order-news-activities.ts';
import { newsArrived, type OrderNewsInput } from './order-news-messages.ts';

// These retry options only cover attempts whose worker died; see order-steps.ts.
const { followNews } = proxyActivities<OrderNewsActivities>({
  startToCloseTimeout: '30m',
  heartbeatTimeout: '10s',
  retry: { initialInterval: '1s', maximumInterval: '10s' },
});

/**
 * Follows up what a pharmacy reports about an order that has ended: documents that come later, changed
 * or withdrawn documents, and contradictions. News that arrives meanwhile is followed up by another round.
 */
export async function orderNews({ orderId }: OrderNewsInput): Promise<void> {
  let isUnread = false;
  setHandler(newsArrived, () => {
    isUnread = true;
  });
  do {
    isUnread = false;
    setCurrentDetails('Reading the ended order at its pharmacy again.');
    // A cancel request from the Temporal UI would drop the news.
    await CancellationScope.nonCancellable(() => followNews(orderId));
  } while (isUnread);
  setCurrentDetails('The news was followed up.');
}
