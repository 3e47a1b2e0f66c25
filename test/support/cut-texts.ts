/**
 * Opens every collapsed section of the page and returns the texts that are cut off: a text that overflows
 * one of its containers, and a value that is longer than its field. Code blocks are excluded because they
 * scroll, and the skip link because it is off the page until it has the focus.
 */
export const CUT_TEXTS = `(() => {
  for (const fold of document.querySelectorAll('details')) fold.open = true;
  const cut = [];
  const range = document.createRange();
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) {
    const { currentNode: node } = texts;
    const { parentElement: element } = node;
    if (element.closest('pre, textarea, select, noscript, .skip')) continue;
    range.selectNodeContents(node);
    for (let box = element; box !== document.documentElement; box = box.parentElement) {
      const { left, right } = box.getBoundingClientRect();
      const isCut = [...range.getClientRects()].some(
        (text) => text.width > 0 && (text.left < left - 1 || text.right > right + 1),
      );
      if (!isCut) continue;
      cut.push(element.tagName + '.' + element.className + ': ' + node.data);
      break;
    }
  }
  const ruler = document.createElement('canvas').getContext('2d');
  for (const field of document.querySelectorAll('form input, form select')) {
    const { font, paddingLeft, paddingRight } = getComputedStyle(field);
    const room = field.clientWidth - parseFloat(paddingLeft) - parseFloat(paddingRight);
    ruler.font = font;
    const shown = field.options?.[field.selectedIndex].text ?? (field.value || field.placeholder);
    if (ruler.measureText(shown).width > room) cut.push(field.id + ': ' + shown);
  }
  return cut;
})()`;
