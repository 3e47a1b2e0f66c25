/** A field of a filter that chooses one of some values, or all. It also has the chosen one if that is none of them. */
export function Choice({
  label,
  name,
  options,
  chosen,
}: {
  readonly label: string;
  readonly name: string;
  readonly options: readonly { readonly value: string; readonly text: string }[];
  readonly chosen: string | undefined;
}) {
  const isListed = chosen === undefined || options.some(({ value }) => value === chosen);
  return (
    <label>
      {label}
      <select name={name}>
        <option value="">all</option>
        {!isListed && (
          <option value={chosen} selected>
            {chosen}
          </option>
        )}
        {options.map(({ value, text }) => (
          <option value={value} selected={value === chosen}>
            {text}
          </option>
        ))}
      </select>
    </label>
  );
}

/** The fields of a filter that choose a period: `since` and `until`. */
export function Period({
  label,
  sent,
}: {
  /** What began within the period, such as `Accepted since`. */
  readonly label: string;
  /** The fields as they were sent. */
  readonly sent: URLSearchParams;
}) {
  return (
    <>
      <label>
        {label}, UTC
        <input type="datetime-local" name="since" value={sent.get('since') ?? ''} />
      </label>
      <label>
        until
        <input type="datetime-local" name="until" value={sent.get('until') ?? ''} />
      </label>
    </>
  );
}

/** Reads a time of a {@link Period}; browsers send it without a time zone, and the form says that it is UTC. */
export function formTime(text: string | null): Date | undefined {
  if (!text) return undefined;
  // Postgres does not read all years that JavaScript does.
  if (!/^[1-9]\d{3}-/.test(text)) return undefined;
  const time = new Date(`${text}Z`);
  return Number.isNaN(time.getTime()) ? undefined : time;
}
