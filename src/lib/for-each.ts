/**
 * Calls a function for each item, for a few of them at once, in the order of the items.
 *
 * @param most how many calls run at once.
 * @throws the error of the first call that failed; no call begins after it, but those that run go on.
 */
export async function forEach<T>(
  items: Iterable<T>,
  most: number,
  call: (item: T) => Promise<void>,
): Promise<void> {
  const left = items[Symbol.iterator]();
  let failed = false;
  const work = async () => {
    for (let next = left.next(); !next.done && !failed; next = left.next()) {
      await call(next.value).catch((error: unknown) => {
        failed = true;
        throw error;
      });
    }
  };
  await Promise.all(Array.from({ length: most }, work));
}
