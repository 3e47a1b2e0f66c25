import type { Environment } from '../../src/process/config.ts';

/** The variables that finding or building the Temporal binary may need. */
const KEPT =
  /^(PATH|HOME|XDG_CACHE_HOME|TMPDIR|LOCALAPPDATA|TEMPORAL_CLI|GO[A-Z0-9]*|.*_proxy|.*_PROXY|SSL_CERT_.*)$/;

/** Returns an environment for stacks in tests, without the developer's settings, which could change a test. */
export function testEnvironment(settings: Environment = {}): Environment {
  const kept = Object.entries(process.env).filter(([name]) => KEPT.test(name));
  return { ...Object.fromEntries(kept), ...settings };
}
