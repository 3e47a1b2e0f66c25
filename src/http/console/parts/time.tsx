const UNITS = [
  ['d', 86_400],
  ['h', 3_600],
  ['min', 60],
] as const;

/** A duration in seconds for people, such as `3 min`: the largest unit with at least two of it, or seconds. */
export function duration(seconds: number): string {
  const [unit, length] = UNITS.find(([, each]) => seconds >= 2 * each) ?? ['s', 1];
  const count = seconds / length;
  return `${unit === 's' && count < 10 ? Math.round(count * 10) / 10 : Math.round(count)} ${unit}`;
}

/** A point in time, relative to now. The exact time shows on hover. */
export function Ago({ at }: { readonly at: Date }) {
  const seconds = (Date.now() - at.getTime()) / 1_000;
  const text =
    seconds >= 0 ? `${duration(Math.floor(seconds))} ago` : `in ${duration(Math.ceil(-seconds))}`;
  return (
    <time datetime={at.toISOString()} title={exact(at)}>
      {text}
    </time>
  );
}

/** The exact time to the second, in UTC. */
export function exact(at: Date): string {
  return `${at.toISOString().slice(0, 19).replace('T', ' ')} UTC`;
}
