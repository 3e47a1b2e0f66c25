import type { ComponentChildren } from '#jsx/jsx-runtime';
import type { Visit } from '../page.ts';

/** A form that sends one action. */
export function Action({
  visit,
  url,
  label,
  primary = false,
  children,
}: {
  readonly visit: Visit;
  readonly url: string;
  /** What the button does. */
  readonly label: string;
  readonly primary?: boolean;
  /** The fields of the form. */
  readonly children?: ComponentChildren;
}) {
  return (
    <form class="action" method="post" action={url}>
      <input type="hidden" name="csrf" value={visit.csrf} />
      {children}
      <button class={primary ? 'primary' : undefined}>{label}</button>
    </form>
  );
}
