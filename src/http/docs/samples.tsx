import { LANGUAGES, type Language } from './assets/samples.js';
import { Code } from './text.tsx';

/**
 * The same program in several languages. Radio buttons select the one that shows, so that this needs no
 * script; `docs.js` adds copying and remembers the language.
 */
export function Samples({
  texts,
  label,
  names = {},
}: {
  readonly texts: Readonly<Record<Language, string>>;
  readonly label: string;
  /** The languages that are called differently here. */
  readonly names?: Partial<Readonly<Record<Language, string>>>;
}) {
  return (
    <fieldset class="samples">
      <legend>{label}</legend>
      {LANGUAGES.map(({ id, name }, index) => (
        <>
          <input
            type="radio"
            name="language"
            id={`language-${id}`}
            value={id}
            checked={index === 0}
          />
          <label for={`language-${id}`}>{names[id] ?? name}</label>
        </>
      ))}
      {LANGUAGES.map(({ id, name }) => (
        <div class="sample" data-language={id}>
          <Code text={texts[id]} label={`${label}: ${names[id] ?? name}`} />
        </div>
      ))}
    </fieldset>
  );
}
