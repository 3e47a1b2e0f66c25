import type { Client } from '@temporalio/client';
import {
  WEBHOOK_DELIVERY_WORKFLOW,
  type WebhookDeliveryInput,
  webhookDeliveryWorkflowId,
} from '../../workflows/webhook-delivery-messages.ts';
import type { WantedWorkflow } from './wanted-workflows.ts';

/** Starts the workflow that owns a delivery's retries, in the place of one that runs. */
export type StartDeliveryWorkflow = (wanted: WantedWorkflow) => Promise<void>;

/** Makes the start of deliveries' workflows. */
export function createStartWorkflow(client: Client, taskQueue: string): StartDeliveryWorkflow {
  return async ({ deliveryId, endpointId, organizationId, event }) => {
    const input: WebhookDeliveryInput = { deliveryId };
    await client.workflow.start(WEBHOOK_DELIVERY_WORKFLOW, {
      workflowId: webhookDeliveryWorkflowId(deliveryId),
      taskQueue,
      args: [input],
      // One that runs waits for a time that was given before the delivery was replayed, or has ended but
      // for its last task. The row's lease keeps an attempt of its from counting beside a new one.
      workflowIdConflictPolicy: 'TERMINATE_EXISTING',
      // A delivery that is replayed, or was held, may need one again.
      workflowIdReusePolicy: 'ALLOW_DUPLICATE',
      staticSummary: `${event} to endpoint ${endpointId}`,
      priority: { fairnessKey: organizationId },
    });
  };
}
