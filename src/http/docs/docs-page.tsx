/** The documentation page: a frame that `docs.js` fills from `/openapi.json`. */
export function DocsPage() {
  return (
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <title>rx-orders API</title>
        <link rel="icon" type="image/svg+xml" href="docs/icon.svg" />
        <link rel="stylesheet" href="docs/docs.css" />
        <script type="module" src="docs/docs.js" />
      </head>
      <body>
        <a class="skip" href="#main">
          Skip to the operations
        </a>
        <header class="top">
          <p class="brand">
            <img src="docs/icon.svg" alt="" width="26" height="26" /> rx-orders{' '}
            <span id="version" />
          </p>
          <label class="key">
            API key
            <input
              id="api-key"
              type="password"
              autocomplete="off"
              spellcheck={false}
              placeholder="cv-api-key"
            />
          </label>
          <a class="source" href="openapi.json">
            openapi.json
          </a>
        </header>
        <div class="layout">
          <nav id="nav" aria-label="Operations" />
          <main id="main" tabindex={-1}>
            <noscript>
              <p class="notice">
                This page needs JavaScript. <a href="openapi.json">openapi.json</a> has the same
                content.
              </p>
            </noscript>
          </main>
        </div>
      </body>
    </html>
  );
}
