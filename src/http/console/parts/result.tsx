import type { VNode } from '#jsx/jsx-runtime';
import type { View } from '../page.ts';

/** The page after an action: what became of it, and the way back. */
export function resultView(
  title: string,
  {
    done,
    text,
    back,
  }: { readonly done: boolean; readonly text: VNode | string; readonly back: string },
): View {
  const content = (
    <>
      <p role={done ? 'status' : 'alert'} class={done ? undefined : 'alert'}>
        {text}
      </p>
      <p>
        <a href={back}>Back</a>
      </p>
    </>
  );
  return { title, content };
}
