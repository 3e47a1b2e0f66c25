/**
 * A generator of numbers from 0 (included) to 1 (excluded): mulberry32. The same seed gives the same
 * sequence.
 *
 * @param seed any integer. Only its lowest 32 bits matter.
 */
export function createRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
