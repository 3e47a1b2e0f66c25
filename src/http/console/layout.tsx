import type { VNode } from '#jsx/jsx-runtime';
import type { ConsoleUser } from '../../operators/console-sessions.ts';
import { assetUrl } from './assets.ts';

/** The pages in the navigation. */
const NAVIGATION = [
  ['/', 'Overview'],
  ['/attention', 'Needs attention'],
  ['/orders', 'Orders'],
  ['/messages', 'Unmatched messages'],
  ['/pharmacies', 'Pharmacies'],
  ['/endpoints', 'Endpoints'],
  ['/audit', 'Audit'],
] as const;

/** What the frame around a page shows of the session; undefined without one. */
export interface Frame {
  readonly path: string;
  readonly user: ConsoleUser;
  readonly csrf: string;
  /** The state that the page shows; undefined for the result of a form, which does not load itself again. */
  readonly mark: string | undefined;
}

/** The frame of every page. */
export function Layout({
  title,
  content,
  frame,
}: {
  readonly title: string;
  readonly content: VNode;
  readonly frame: Frame | undefined;
}) {
  return (
    <html lang="en" data-mark={frame?.mark}>
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <title>{`${title} · rx-orders`}</title>
        <link rel="icon" type="image/svg+xml" href={assetUrl('icon.svg')} />
        <link rel="stylesheet" href={assetUrl('console.css')} />
        {frame?.mark !== undefined && <script type="module" src={assetUrl('live.js')} />}
      </head>
      <body>
        <a class="skip" href="#main">
          Skip to the content
        </a>
        <header class="top">
          <a class="brand" href="/">
            <img src={assetUrl('icon.svg')} alt="" width="24" height="24" /> rx-orders
          </a>
          {frame && <Navigation path={frame.path} />}
          {frame && <Account {...frame} />}
        </header>
        <main id="main" tabindex="-1">
          <h1>{title}</h1>
          {content}
        </main>
      </body>
    </html>
  );
}

function Navigation({ path }: { readonly path: string }) {
  return (
    <nav aria-label="Pages">
      {NAVIGATION.map(([url, name]) => {
        const isCurrent = url === '/' ? path === '/' : path.startsWith(url);
        return (
          <a href={url} aria-current={isCurrent ? 'page' : undefined}>
            {name}
          </a>
        );
      })}
    </nav>
  );
}

function Account({ user, csrf }: Frame) {
  return (
    <form class="account" method="post" action="/logout">
      <input type="hidden" name="csrf" value={csrf} />
      <span>
        <bdi>{user.operator}</bdi> <small>{user.role}</small>
      </span>
      <button class="quiet">Log out</button>
    </form>
  );
}
