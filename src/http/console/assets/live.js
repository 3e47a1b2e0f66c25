// Keeps a page current: the server tells when orders have changed, and the page loads itself again. Everything works
// without this file, too.

const policy = globalThis.trustedTypes?.createPolicy('console', { createHTML: (html) => html });
/** The shortest time between two loads, in milliseconds, and the longest after loads that failed. */
const PAUSE_MS = { least: 1_000, most: 30_000 };
/** The wait before the page asks again for a stream that the server refused, in milliseconds. */
const LISTEN_AGAIN_MS = 5_000;

let isLoading = false;
let isStale = false;
/** The state that the page shows; messages name the present one. */
let { mark } = document.documentElement.dataset;

function listen() {
  const stream = new EventSource('/live');
  stream.addEventListener('message', ({ data }) => {
    if (mark !== data) void load();
    mark = data;
  });
  stream.addEventListener('error', () => {
    // A browser connects again after an error of the network, but not after an answer such as 503.
    if (stream.readyState === EventSource.CLOSED) setTimeout(listen, LISTEN_AGAIN_MS);
  });
}
listen();

async function load() {
  isStale = true;
  if (isLoading || document.querySelector('[data-live]') === null) return;
  isLoading = true;
  let pauseMs = PAUSE_MS.least;
  while (isStale) {
    isStale = false;
    try {
      await show();
      pauseMs = PAUSE_MS.least;
    } catch {
      // The server or Postgres is away, and the change must not be lost.
      isStale = true;
      pauseMs = Math.min(2 * pauseMs, PAUSE_MS.most);
    }
    await new Promise((resolve) => setTimeout(resolve, pauseMs));
  }
  isLoading = false;
}

async function show() {
  const answer = await fetch(location.href, { headers: { 'x-live': '1' }, redirect: 'error' });
  if (!answer.ok) throw new Error(`answered ${answer.status}`);
  const html = await answer.text();
  const page = new DOMParser().parseFromString(policy?.createHTML(html) ?? html, 'text/html');
  for (const old of document.querySelectorAll('[data-live]')) {
    const renewed = page.querySelector(`[data-live="${old.dataset.live}"]`);
    if (renewed !== null && !isBeingUsed(old)) replace(old, renewed);
  }
}

/** Whether the user is writing into a part, or reads something that was opened there. */
function isBeingUsed(part) {
  const { activeElement } = document;
  const isWriting =
    part.contains(activeElement) &&
    activeElement.matches('input:not([type=checkbox]), select, iframe');
  const texts = [...part.querySelectorAll('input:not([type=hidden]):not([type=checkbox])')];
  return (
    isWriting ||
    texts.some((input) => input.value !== '') ||
    part.querySelector('details[open]') !== null
  );
}

/** Replaces a part; what the user has selected in it stays selected. */
function replace(old, renewed) {
  const boxes = '[type=checkbox][name=order]';
  const chosen = new Set([...old.querySelectorAll(`${boxes}:checked`)].map(({ value }) => value));
  const focused = old.contains(document.activeElement) ? document.activeElement : null;
  old.replaceWith(renewed);
  for (const box of renewed.querySelectorAll(boxes)) box.checked = chosen.has(box.value);
  if (focused?.matches(boxes)) {
    [...renewed.querySelectorAll(boxes)].find(({ value }) => value === focused.value)?.focus();
  }
}
