/** The most results that the list shows. */
const MOST = 12;

let index;

/** Loads the index at the first use. */
function load() {
  index ??= fetch(new URL('search.json', import.meta.url))
    .then((response) => response.json())
    .then(({ entries, fields }) => [...entries, ...fieldEntries(entries, fields)])
    .catch(() => {
      // The next key tries again.
      index = undefined;
      return [];
    });
  return index;
}

function fieldEntries(entries, fields) {
  return Object.entries(fields).flatMap(([page, ids]) => {
    const about = entries.find(({ link }) => link === page).title;
    return ids.map((id) => ({
      kind: 'field',
      title: id.slice(id.lastIndexOf('.') + 1),
      about,
      link: `${page}#${id}`,
    }));
  });
}

/** Rates an entry; 0: it lacks a word. A title that begins with the word counts most. */
function rate({ title, about, kind }, words) {
  const [name, text] = [title.toLowerCase(), about.toLowerCase()];
  let sum = 0;
  for (const word of words) {
    if (name === word) sum += 8;
    else if (name.startsWith(word)) sum += 4;
    else if (name.includes(word)) sum += 3;
    else if (text.includes(word)) sum += 1;
    else return 0;
  }
  return sum + (kind === 'field' ? 0 : 1);
}

function find(entries, query) {
  const words = query.toLowerCase().split(/\s+/).filter(Boolean);
  if (words.length === 0) return [];
  return entries
    .map((entry) => ({ entry, rating: rate(entry, words) }))
    .filter(({ rating }) => rating > 0)
    .sort((a, b) => b.rating - a.rating)
    .slice(0, MOST)
    .map(({ entry }) => entry);
}

/** What the list shows when nothing matches. It leads nowhere. */
const NOTHING = { kind: '', title: 'Nothing found', about: 'Try a part of one word.', link: '' };

function option({ kind, title, about, link }, position) {
  const row = document.createElement('li');
  row.id = `search-${position}`;
  row.role = 'option';
  row.dataset.link = link;
  for (const [name, text] of [
    ['title', title],
    ['kind', kind],
    ['about', about],
  ]) {
    const part = document.createElement('span');
    part.className = name;
    part.textContent = text;
    row.append(part);
  }
  return row;
}

/** Connects the search field: `/` focuses it, the arrows choose, Enter opens, Escape closes. */
export function connectSearch() {
  const box = document.getElementById('search');
  const field = document.getElementById('search-input');
  const list = document.getElementById('search-results');
  let active = -1;
  box.hidden = false;

  const mark = (position) => {
    const rows = [...list.children];
    active = rows.length === 0 ? -1 : (position + rows.length) % rows.length;
    for (const [at, row] of rows.entries()) row.ariaSelected = String(at === active);
    rows[active]?.scrollIntoView({ block: 'nearest' });
    if (rows[active]) field.setAttribute('aria-activedescendant', rows[active].id);
    else field.removeAttribute('aria-activedescendant');
  };
  const show = (rows) => {
    list.replaceChildren(...rows);
    list.hidden = rows.length === 0;
    field.ariaExpanded = String(rows.length > 0);
    mark(0);
  };
  const open = (row) => {
    if (row.dataset.link === '') return;
    show([]);
    field.blur();
    location.href = new URL(row.dataset.link, import.meta.url);
  };
  const search = async () => {
    const query = field.value;
    const found = find(await load(), query);
    // A later key may have been answered first.
    if (query !== field.value) return;
    show((found.length === 0 && query.trim() !== '' ? [NOTHING] : found).map(option));
  };

  field.addEventListener('focus', load);
  field.addEventListener('input', search);
  field.addEventListener('keydown', (event) => {
    if (event.key === 'ArrowDown') mark(active + 1);
    else if (event.key === 'ArrowUp') mark(active - 1);
    else if (event.key === 'Enter' && list.children[active]) open(list.children[active]);
    else if (event.key === 'Escape') show([]);
    else return;
    event.preventDefault();
  });
  field.addEventListener('blur', () => show([]));
  // Before the field loses the focus, which would empty the list.
  list.addEventListener('mousedown', (event) => {
    event.preventDefault();
    const row = event.target.closest('[data-link]');
    if (row) open(row);
  });
  addEventListener('keydown', (event) => {
    const typing = document.activeElement?.matches('input:not([type=radio]), textarea, select');
    if (event.key !== '/' || typing || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    field.focus();
  });
}
