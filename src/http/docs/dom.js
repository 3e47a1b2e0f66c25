/**
 * Makes an element. Texts become text nodes, never HTML: what the document says cannot become markup.
 *
 * @param {string} tag
 * @param {Record<string, unknown>} [attributes] `on…` are listeners; false and undefined are left out.
 * @param {...(Node | string | undefined | false | (Node | string | undefined)[])} children
 * @returns {HTMLElement}
 */
export function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === false) continue;
    if (name.startsWith('on')) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? '' : String(value));
  }
  element.append(...children.flat().filter((child) => child !== undefined && child !== false));
  return element;
}

/** A line of prose: what stands between backticks is code. */
export function line(text) {
  return text.split('`').map((part, index) => (index % 2 === 1 ? h('code', {}, part) : part));
}

/** Prose, whose paragraphs have an empty line between them. */
export function prose(text) {
  if (!text) return [];
  return text.split('\n\n').map((paragraph) => h('p', {}, line(paragraph)));
}

/** A value as indented JSON. The block can be scrolled with the keyboard too. */
export function code(text, label) {
  return h('pre', { tabindex: '0', role: 'region', 'aria-label': label }, h('code', {}, text));
}
