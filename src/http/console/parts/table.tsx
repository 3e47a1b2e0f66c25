import type { ComponentChildren } from '#jsx/jsx-runtime';

/** A table that scrolls by itself on a narrow screen. */
export function Table({
  caption,
  columns,
  numbers = [],
  children,
}: {
  readonly caption?: string;
  readonly columns: readonly string[];
  /** The columns of numbers, which align to the right. */
  readonly numbers?: readonly string[];
  /** The rows. */
  readonly children: ComponentChildren;
}) {
  return (
    <div class="scroll">
      <table>
        {caption !== undefined && <caption>{caption}</caption>}
        <thead>
          <tr>
            {columns.map((column) => (
              <th scope="col" class={numbers.includes(column) ? 'number' : undefined}>
                {column}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>{children}</tbody>
      </table>
    </div>
  );
}
