/**
 * Creates an element. Texts become text nodes, never HTML, so the API document cannot inject markup.
 *
 * @param {string} tag
 * @param {Record<string, unknown>} [attributes] Names that begin with `on` add listeners; `false` and `undefined` add nothing.
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

/** Renders a line of text; text between backticks becomes code. */
export function line(text) {
  return text.split('`').map((part, index) => (index % 2 === 1 ? h('code', {}, part) : part));
}

/** Renders paragraphs, which an empty line separates. */
export function prose(text) {
  if (!text) return [];
  return text.split('\n\n').map((paragraph) => h('p', {}, line(paragraph)));
}

/** Renders a block of code. It takes the focus, so that the keyboard can scroll it. */
export function code(text, label) {
  return h('pre', { tabindex: '0', role: 'region', 'aria-label': label }, h('code', {}, text));
}
