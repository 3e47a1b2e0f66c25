import { connectSearch } from './search.js';
import { connectTryIt } from './try-it.js';

// What the pages do beyond showing: search, send requests, copy programs. The server has rendered the rest.

const KEY = 'rx-docs-key';
const LANGUAGE = 'rx-docs-language';

/** Keeps a value of the reader in this tab; other tabs and later visits do not have it. */
function keepInTab(name, value) {
  try {
    if (value === '') sessionStorage.removeItem(name);
    else sessionStorage.setItem(name, value);
  } catch {
    // The browser forbids storing: the value stays on this page.
  }
}

function keptInTab(name) {
  try {
    return sessionStorage.getItem(name) ?? '';
  } catch {
    return '';
  }
}

const key = document.getElementById('api-key');
key.value = keptInTab(KEY);
key.addEventListener('input', () => keepInTab(KEY, key.value));

const chosen = document.getElementById(`language-${keptInTab(LANGUAGE)}`);
if (chosen) chosen.checked = true;
for (const choice of document.getElementsByName('language')) {
  choice.addEventListener('change', () => keepInTab(LANGUAGE, choice.value));
}

for (const sample of document.querySelectorAll('.sample')) {
  const button = document.createElement('button');
  button.type = 'button';
  button.className = 'copy';
  button.textContent = 'Copy';
  button.addEventListener('click', async () => {
    await navigator.clipboard.writeText(sample.querySelector('code').textContent);
    button.textContent = 'Copied';
    setTimeout(() => (button.textContent = 'Copy'), 2_000);
  });
  // Browsers offer the clipboard over HTTPS and on this machine only.
  if (navigator.clipboard) sample.prepend(button);
}

/** Opens the folded parts around the part that the address names. */
function openTarget() {
  const target = document.querySelector(':target');
  for (let part = target; part; part = part.parentElement) if ('open' in part) part.open = true;
  target?.scrollIntoView();
}
// A click on a field's name puts its link into the address.
document.getElementById('main').addEventListener('click', ({ target }) => {
  if (target.matches('.name')) location.hash = target.closest('li').id;
});
addEventListener('hashchange', openTarget);
if (location.hash) openTarget();

// The navigation scrolls by itself where it is a column.
const nav = document.getElementById('nav');
const current = nav.querySelector('[aria-current]');
if (current) nav.scrollTop = current.offsetTop - nav.clientHeight / 2;

connectSearch();
connectTryIt(key);
