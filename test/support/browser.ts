import { execFileSync } from 'node:child_process';
import { type Browser, chromium } from 'playwright-core';

/** Browsers that a machine may have, in order of preference. */
const INSTALLED = ['chromium', 'google-chrome', 'google-chrome-stable', 'chromium-browser'];

/** Headless, and without network requests of its own. */
const QUIET = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** Starts the machine's Chromium, or else the one in `@sparticuz/chromium` for Linux. */
export async function startBrowser(): Promise<Browser> {
  const installed = INSTALLED.map(pathOf).find((path) => path !== undefined);
  if (installed !== undefined) {
    return await chromium.launch({ executablePath: installed, args: QUIET });
  }
  const { default: carried } = await import('@sparticuz/chromium');
  return await chromium.launch({ executablePath: await carried.executablePath(), args: QUIET });
}

function pathOf(name: string): string | undefined {
  try {
    const path = execFileSync('sh', ['-c', `command -v ${name}`], { encoding: 'utf8' });
    return path.trim();
  } catch {
    return undefined;
  }
}
