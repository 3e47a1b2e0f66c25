import { MOST_COUNTED } from '../../../operators/list-endpoints.ts';

/** A number of things for people, such as `1 order` or `2 orders`. */
export function countOf(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`;
}

/** A number of things that are counted up to a limit. */
export function counted(count: number): string {
  return count === MOST_COUNTED ? `${MOST_COUNTED} or more` : String(count);
}
