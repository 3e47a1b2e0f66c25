/** The fields of a form that repairs the chosen orders. */
export function RepairFields({ mayKeep }: { readonly mayKeep: boolean }) {
  return (
    <fieldset class="repair">
      <legend>Repair the selected orders</legend>
      <label>
        Reason, for the timeline
        <input name="reason" required maxlength={1000} autocomplete="off" />
      </label>
      <label>
        Pharmacy order id <small>only for one order, if the recorded one is missing or wrong</small>
        <input name="pharmacyOrderId" maxlength={255} autocomplete="off" />
      </label>
      <div class="buttons">
        <button class="primary" name="action" value="retry">
          Retry
        </button>
        <button name="action" value="cancel">
          Cancel the orders
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
