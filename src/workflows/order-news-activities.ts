import type { StepResult } from './order-activities.ts';

/** The activity of the workflow `orderNews`. The name is the activity type in Temporal: it never changes. */
export interface OrderNewsActivities {
  /**
   * Reads an order that has ended at its pharmacy. Fetches documents that came or changed later, and
   * reopens the order if the pharmacy contradicts its end. `needs-attention`: the news could not be
   * followed up, so the order was reopened.
   */
  followNews(orderId: string): Promise<StepResult>;
}
