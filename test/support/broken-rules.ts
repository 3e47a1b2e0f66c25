import { CONTRACT, holderOf } from '../unit/contract/contract-table.ts';

/** The fields of a stored order that break the contract's table: missing, mistyped or a refused value. */
export function brokenRules(order: unknown): string[] {
  return CONTRACT.filter(({ path, required, kind, rule }) => {
    if (path[0] !== 'order') return false;
    const holder = holderOf({ order }, path);
    const key = path.at(-1);
    // Without its holder a field is not asked for: the holder's own row says whether that is right.
    if (holder === undefined || holder === null || key === undefined) return false;
    const value = holder[key];
    if (value === undefined || value === null) return required;
    const type = Array.isArray(value) ? 'array' : typeof value;
    return type !== kind || (rule?.refused.includes(value) ?? false);
  }).map(({ path }) => path.join('.'));
}
