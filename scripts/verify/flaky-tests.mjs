/** The start of a line that names a flaky test. */
export const FLAKY = 'flaky: ';

/**
 * A reporter of vitest. It names each test that passed at its second attempt and the reason why the
 * first one failed, so that a retry hides no fault.
 */
export default class FlakyTests {
  onTestRunEnd(modules) {
    for (const module of modules) {
      for (const test of module.children.allTests()) {
        if (test.diagnostic()?.flaky !== true) continue;
        const reason = test.result().errors?.[0]?.message.split('\n')[0] ?? 'no reason';
        console.log(`${FLAKY}${module.relativeModuleId} > ${test.fullName}: ${reason}`);
      }
    }
  }
}
