const WORDS = {
  out: 'Log in to see the payloads of workflows in the Temporal UI.',
  wrong: 'That is not the token.',
  later: 'Too many wrong tokens came from your address. Wait, and try again.',
  in: 'You are logged in for eight hours. In the Temporal UI, under “Codec Server”, choose “Include cross-origin credentials”.',
};

/** The page of `/login`, which needs nothing beside itself. */
export function loginPage(state: keyof typeof WORDS): string {
  return `<!doctype html>
<html lang="en">
<title>Codec server</title>
<meta name="viewport" content="width=device-width">
<h1>Codec server</h1>
<p role="status">${WORDS[state]}</p>
<form method="post" action="/login">
<label>Token <input type="password" name="token" autocomplete="current-password" required></label>
<button>Log in</button>
</form>
</html>
`;
}
