import { afterAll, beforeAll, expect, it } from 'vitest';
import { useConsole } from '../support/console.ts';
import { type LoginProvider, startLoginProvider } from '../support/login-provider.ts';

// The login of the console through a real OpenID Connect provider, in a real browser.

const LONG = { timeout: 60_000 };

let provider: LoginProvider;

const { use, at, seriousFindings } = useConsole(async () => {
  provider = await startLoginProvider();
  return provider.settings;
});
beforeAll(() => provider.serve(use().test.stack.consoleUrl));
afterAll(() => provider.close());

/** Enters an account at the provider, up to the question whether the console may know it. */
async function enter(account: string): Promise<void> {
  const { page } = use();
  await page.goto(at('/login'));
  await page.getByRole('link', { name: 'Log in with single sign-on' }).click();
  await page.getByPlaceholder('Enter any login').fill(account);
  await page.getByPlaceholder('and password').fill('any');
  await page.getByRole('button', { name: 'Sign-in' }).click();
}

async function logInAs(account: string): Promise<void> {
  await enter(account);
  await use().page.getByRole('button', { name: 'Continue' }).click();
}

/** Goes on at the provider, and stops before the browser goes back to the console. @returns the URL there. */
async function answerOfProvider(): Promise<string> {
  const { page } = use();
  const action = await page.locator('form').first().getAttribute('action');
  let answer = await page.request.post(new URL(action ?? '', page.url()).href, {
    ...{ form: { prompt: 'consent' }, maxRedirects: 0 },
  });
  for (;;) {
    const location = new URL(answer.headers()['location'] ?? '', answer.url()).href;
    if (location.startsWith(at('/'))) return location;
    answer = await page.request.get(location, { maxRedirects: 0 });
  }
}

it('logs in with the highest role of the account, and logs out here and there', LONG, async () => {
  const { operator, context, page } = use();
  provider.roles.set('olga', ['rx-viewer', 'staff', 'rx-operator']);
  await page.goto(at('/login'));
  expect(await seriousFindings()).toEqual([]);
  await logInAs('olga');
  await page.getByRole('heading', { name: 'Overview' }).waitFor();
  await page.getByText('olga@clinic.example operator').waitFor();
  // The cookies of the provider are on the same host.
  const cookies = (await context.cookies()).filter(({ name }) => name.startsWith('console'));
  expect(cookies.map(({ name, httpOnly, sameSite }) => [name, httpOnly, sameSite])).toEqual([
    ['console_session', true, 'Strict'],
  ]);
  const rows = await operator`
    SELECT FROM audit_log WHERE action = 'CONSOLE_LOGIN' AND actor = 'olga@clinic.example'`;
  expect(rows).toHaveLength(1);

  await page.getByRole('button', { name: 'Log out' }).click();
  await page.getByRole('link', { name: /Log out of the login provider/ }).click();
  await page.getByRole('button', { name: /Yes, sign me out/ }).click();
  await page.getByRole('link', { name: 'Log in with single sign-on' }).waitFor();
  await page.goto(at('/'));
  expect(new URL(page.url()).pathname).toBe('/login');
});

it('refuses an account without a role', LONG, async () => {
  const { page } = use();
  provider.roles.set('eve', ['viewer', 'rx-', 'rx-root']);
  await logInAs('eve');
  await page.getByText('Your account has no role in the console').waitFor();
  await page.goto(at('/'));
  expect(new URL(page.url()).pathname).toBe('/login');
});

it('refuses a login that another browser has begun', LONG, async () => {
  const { context, page } = use();
  provider.roles.set('mallory', ['rx-admin']);
  await enter('mallory');
  const answer = await answerOfProvider();
  await context.clearCookies();
  const refused = await page.request.get(answer);
  expect(refused.status()).toBe(401);
  // Also with a login of its own: the state is another one.
  await page.request.get(at('/login/provider'), { maxRedirects: 0 });
  expect((await page.request.get(answer)).status()).toBe(401);
  await page.goto(at('/'));
  expect(new URL(page.url()).pathname).toBe('/login');
});
