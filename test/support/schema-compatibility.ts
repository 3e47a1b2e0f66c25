import {
  readColumnsAndConstraints,
  readFunctions,
  readGrants,
  readIndexes,
  readRelations,
} from '../../scripts/schema/catalog.ts';
import type { Sql } from '../../src/storage/database.ts';

/** What programs rely on in a schema, as the lines of `docs/schema.sql`. */
export interface RelationShape {
  readonly columns: readonly string[];
  readonly constraints: readonly string[];
  readonly uniqueIndexes: readonly string[];
  /** Such as `SELECT (id) TO rx_orders_server`, one for each role, right and column. */
  readonly grants: readonly string[];
}

export interface SchemaShape {
  readonly relations: ReadonlyMap<string, RelationShape>;
  /** Each function with its arguments and its result, and who may call it. */
  readonly functions: ReadonlyMap<string, readonly string[]>;
}

export async function readShape(sql: Sql): Promise<SchemaShape> {
  const relations = new Map<string, RelationShape>();
  for (const kind of ['r', 'v'] as const) {
    for (const { oid, name } of await readRelations(sql, kind)) {
      const lines = await readColumnsAndConstraints(sql, oid);
      const indexes = await readIndexes(sql, oid);
      relations.set(name, {
        columns: lines.filter((line) => !line.startsWith('CONSTRAINT ')),
        constraints: lines.filter((line) => line.startsWith('CONSTRAINT ')),
        uniqueIndexes: indexes.filter((line) => line.startsWith('CREATE UNIQUE ')),
        grants: (await readGrants(sql, oid)).flatMap(singleGrants),
      });
    }
  }
  const functions = new Map<string, readonly string[]>();
  for (const { text, grants } of await readFunctions(sql)) {
    const [signature = '', result = ''] = text.split('\n');
    functions.set(`${signature}${result}`, grants ?? ['PUBLIC']);
  }
  return { relations, functions };
}

/** Splits `GRANT SELECT (a, b), DELETE ON t TO r` into one line for each right and column. */
function singleGrants(grant: string): string[] {
  const [, rights = '', role = ''] = /^GRANT (.*) ON .* TO (.*)$/.exec(grant) ?? [];
  return rights.split(/, (?=[A-Z])/).flatMap((right) => {
    const [, name = '', columns] = /^(\w+)(?: \((.*)\))?$/.exec(right) ?? [];
    return (columns?.split(', ') ?? ['']).map((column) => `${name} ${column} TO ${role}`);
  });
}

/**
 * Says why programs that were written for an earlier schema may fail on a later one. It sees no change in what a function or
 * a trigger does; `npm run test:upgrade` runs those.
 */
export function incompatibilities(before: SchemaShape, after: SchemaShape): string[] {
  const found: string[] = [];
  for (const [name, old] of before.relations) {
    const now = after.relations.get(name);
    if (now === undefined) {
      found.push(`${name} is gone`);
      continue;
    }
    found.push(...inRelation(old, now).map((what) => `${name}: ${what}`));
  }
  for (const [signature, callers] of before.functions) {
    const now = after.functions.get(signature);
    if (now === undefined) {
      found.push(`gone or changed: ${signature}`);
      continue;
    }
    for (const role of callers) {
      if (!now.includes('PUBLIC') && !now.includes(role))
        found.push(`${role} may no longer call: ${signature}`);
    }
  }
  return found;
}

function inRelation(old: RelationShape, now: RelationShape): string[] {
  const found: string[] = [];
  const columns = new Map(now.columns.map((column) => [nameOf(column), column]));
  for (const column of old.columns) {
    const present = columns.get(nameOf(column));
    columns.delete(nameOf(column));
    if (present === undefined) found.push(`the column ${nameOf(column)} is gone`);
    else if (withoutDefault(present) === withoutDefault(column)) {
      if (column.includes(' DEFAULT ') && !present.includes(' DEFAULT '))
        found.push(`lost its default: ${column}`);
    } else if (`${withoutDefault(present)} NOT NULL` !== withoutDefault(column))
      found.push(`changed: ${column}`);
  }
  for (const column of columns.values()) {
    const isGiven = / DEFAULT | GENERATED /.test(column);
    if (column.includes(' NOT NULL') && !isGiven) found.push(`an insert lacks: ${column}`);
  }
  for (const constraint of now.constraints) {
    const earlier = old.constraints.find((each) => nameOf(each, 1) === nameOf(constraint, 1));
    const isOfNewColumns = [...columns.keys()].some((column) =>
      new RegExp(`\\b${column}\\b`).test(constraint),
    );
    if (earlier === undefined ? !isOfNewColumns : !isWider(earlier, constraint))
      found.push(`a new or another rule: ${constraint}`);
  }
  for (const index of now.uniqueIndexes) {
    if (!old.uniqueIndexes.includes(index)) found.push(`a new rule: ${index}`);
  }
  for (const grant of old.grants) {
    const [right, , role] = grant.split(/ (?:TO )?/);
    const isCovered = now.grants.includes(grant) || now.grants.includes(`${right}  TO ${role}`);
    if (!isCovered) found.push(`revoked: ${grant}`);
  }
  return found;
}

const nameOf = (line: string, word = 0) => line.split(' ')[word] ?? '';
const withoutDefault = (column: string) => column.replace(/ DEFAULT .*$/, '');

/** Whether a rule is the same, or a list of allowed values with more of them. */
function isWider(earlier: string, now: string): boolean {
  if (earlier === now) return true;
  const valuesOf = (rule: string) => rule.match(/'[^']*'::text/g) ?? [];
  const frame = (rule: string) => rule.replace(/ARRAY\[[^\]]*\]/g, 'ARRAY[]');
  const values = new Set(valuesOf(now));
  return frame(earlier) === frame(now) && valuesOf(earlier).every((value) => values.has(value));
}
