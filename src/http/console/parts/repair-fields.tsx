/**
 * The fields of a form that repairs one order, or the chosen ones of a list.
 *
 * @param mayKeep whether an order has an end that can be kept.
 */
export function RepairFields({
  of,
  mayKeep,
}: {
  readonly of: 'one' | 'chosen';
  readonly mayKeep: boolean;
}) {
  return (
    <fieldset class="repair">
      <legend>{of === 'one' ? 'Repair this order' : 'Repair the selected orders'}</legend>
      <label>
        Reason, for the timeline
        <input name="reason" required maxlength={1000} autocomplete="off" />
      </label>
      <label>
        Pharmacy order id{' '}
        <small>
          {of === 'one' ? '' : 'only for one order, '}if the recorded one is missing or wrong
        </small>
        <input name="pharmacyOrderId" maxlength={255} autocomplete="off" />
      </label>
      <div class="buttons">
        <button class="primary" name="action" value="retry">
          Retry
        </button>
        <button name="action" value="cancel">
          {of === 'one' ? 'Cancel the order' : 'Cancel the orders'}
        </button>
        {mayKeep && (
          <button name="action" value="keep">
            Keep the end
          </button>
        )}
      </div>
    </fieldset>
  );
}
