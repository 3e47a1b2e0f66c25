/** An operator who uses the console without a browser. */
export interface ConsoleSession {
  /** Opens a page. @throws {Error} it is not answered with 200. */
  open(path: string): Promise<string>;
  /** Sends a form of the page that was opened last. @throws {Error} it is refused. */
  submit(path: string, form: Readonly<Record<string, string>>): Promise<string>;
}

/**
 * Logs in with a login link.
 *
 * @param origin the console's URL.
 * @param link from `rx console login`.
 */
export async function openConsole(
  origin: string,
  link: string,
  signal: AbortSignal,
): Promise<ConsoleSession> {
  const { searchParams } = new URL(link);
  const login = await fetch(`${origin}/login`, {
    ...{ method: 'POST', redirect: 'manual', signal },
    body: new URLSearchParams({ key: searchParams.get('key') ?? '' }),
  });
  const [cookie = ''] = login.headers.getSetCookie().map((each) => each.split(';')[0]);
  let csrf = '';

  async function read(path: string, init: RequestInit): Promise<string> {
    const answer = await fetch(origin + path, { ...init, headers: { cookie }, signal });
    const text = await answer.text();
    // The path contains ids only.
    if (answer.status !== 200) throw new Error(`${path} was answered with ${answer.status}`);
    return text;
  }

  return {
    async open(path) {
      const text = await read(path, {});
      csrf = /name="csrf" value="([^"]+)"/.exec(text)?.[1] ?? csrf;
      return text;
    },
    submit: (path, form) =>
      read(path, { method: 'POST', body: new URLSearchParams({ csrf, ...form }) }),
  };
}
