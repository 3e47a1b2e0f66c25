import type { Environment } from '../../src/process/config.ts';

/** What finding or building the Temporal binary may need; nothing else of the user's environment. */
const KEPT =
  /^(PATH|HOME|XDG_CACHE_HOME|TMPDIR|LOCALAPPDATA|TEMPORAL_CLI|GO[A-Z0-9]*|.*_proxy|.*_PROXY|SSL_CERT_.*)$/;

/** The environment that tests start stacks with: a developer's settings must not change a test. */
export function testEnvironment(settings: Environment = {}): Environment {
  const kept = Object.entries(process.env).filter(([name]) => KEPT.test(name));
  return { ...Object.fromEntries(kept), ...settings };
}
