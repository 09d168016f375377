// How many tests passed and failed, from what each runner says.

/** @typedef {{ passed: number, failed: number }} Counts */

/** The sum over all test programs of a `cargo test`. @returns {Counts} */
export function cargoCounts(output) {
  const counts = { passed: 0, failed: 0 }
  for (const [, passed, failed] of output.matchAll(
    /^test result: \w+\. (\d+) passed; (\d+) failed;/gm
  )) {
    counts.passed += Number(passed)
    counts.failed += Number(failed)
  }
  return counts
}

/** From the file that `jest --json` writes. A file that can't be loaded is one failure. */
export function jestCounts({ numPassedTests, numFailedTests, numRuntimeErrorTestSuites }) {
  return { passed: numPassedTests, failed: numFailedTests + numRuntimeErrorTestSuites }
}

/** The end of `node --test`, in either of its formats. @returns {Counts} */
export function nodeCounts(output) {
  const count = (what) => Number(output.match(new RegExp(`^(?:#|ℹ) ${what} (\\d+)`, 'm'))?.[1] ?? 0)
  return { passed: count('pass'), failed: count('fail') + count('cancelled') }
}
