/*
 * Texts that attack the page which shows them: they close what surrounds them, bring scripts along, turn the direction of
 * what follows, and have no place where a line may break.
 */

const TAGS = '<img src=x onerror="hit=1">"><svg onload=hit=1>\'>';
const CLOSING = '</title></textarea></script><script>hit=1</script>';
/** U+202E RIGHT-TO-LEFT OVERRIDE: what follows on the line is shown backwards. */
const OVERRIDE = '\u202e';

/** What a place refuses or cuts, and so cannot contain. */
type Without = 'override' | 'slash';

/** Returns a hostile text of this length, which names the place that it is meant for. */
export function hostileText(place: string, length: number, ...without: Without[]): string {
  const closing = without.includes('slash') ? '' : CLOSING;
  const override = without.includes('override') ? '' : OVERRIDE;
  return `#${place}:${TAGS}${closing}${override}`.padEnd(length, 'W');
}

/** What {@link EXAMINE} reports. */
export interface Examined {
  /** Whether a script of a text ran. */
  readonly hit: boolean;
  /** Elements that a text has become. */
  readonly elements: readonly string[];
  /** What a text turns around, although it is not part of it. */
  readonly turned: readonly string[];
  /** The places whose texts the page shows. */
  readonly places: readonly string[];
}

/** Runs in a page, and reports what the hostile texts did to it. */
export const EXAMINE = `(() => {
  const made = 'img[src=x], svg[onload], script:not([src]), [onerror], [onload], a[href^="javascript:" i]';
  const elements = [...document.querySelectorAll(made)].map(({ outerHTML }) => outerHTML);
  const isWithin = (element) => {
    const { display, unicodeBidi } = getComputedStyle(element);
    return display === 'inline' && !unicodeBidi.startsWith('isolate');
  };
  const turned = [];
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) {
    let box = texts.currentNode.parentElement;
    if (!texts.currentNode.data.includes('${OVERRIDE}') || box.matches('option')) continue;
    while (isWithin(box)) box = box.parentElement;
    const [, ...after] = box.textContent.split('${OVERRIDE}');
    if (!/^W*\\s*$/.test(after.join(''))) turned.push(box.textContent);
  }
  const values = [...document.querySelectorAll('input')].map(({ value }) => value);
  const shown = [document.body.textContent, ...values].join(' ');
  const places = [...shown.matchAll(/(?:#|%23)([a-z-]+)(?::<|%3A%3C)/g)].map(([, place]) => place);
  return { hit: globalThis.hit !== undefined, elements, turned, places };
})()`;
