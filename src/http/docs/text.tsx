/** A line of text; text between backticks becomes code. */
export function Line({ text }: { readonly text: string }) {
  return (
    <>{text.split('`').map((part, index) => (index % 2 === 1 ? <code>{part}</code> : part))}</>
  );
}

/** Paragraphs, which an empty line separates. */
export function Prose({ text = '' }: { readonly text?: string | undefined }) {
  return (
    <>
      {text.split('\n\n').map((paragraph) =>
        paragraph === '' ? null : (
          <p>
            <Line text={paragraph} />
          </p>
        ),
      )}
    </>
  );
}

/** A block of code. It takes the focus, so that the keyboard can scroll it. */
export function Code({ text, label }: { readonly text: string; readonly label: string }) {
  return (
    <pre tabindex={0} role="region" aria-label={label}>
      <code>{text}</code>
    </pre>
  );
}

/** An HTTP method, or the mark of an event, in its colour. */
export function Badge({ method }: { readonly method: string }) {
  return <span class={`method ${method}`}>{method.toUpperCase()}</span>;
}

/** A link to a part of the same page, at the end of its heading. */
export function Anchor({ id, of }: { readonly id: string; readonly of: string }) {
  return (
    <a class="anchor" href={`#${id}`} aria-label={`Link to ${of}`}>
      #
    </a>
  );
}
