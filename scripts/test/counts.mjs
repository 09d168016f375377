// How many tests passed, failed and were skipped, from what each runner says.

/** @typedef {{ passed: number, failed: number, skipped: number }} Counts */

/**
 * The sum over all test programs of a `cargo test -- --show-output`. A test that was skipped
 * because its server is not there counts for cargo as passed; it has written so.
 * @returns {Counts}
 */
export function cargoCounts(output) {
  const counts = { passed: 0, failed: 0, skipped: 0 }
  for (const [, passed, failed, ignored] of output.matchAll(
    /^test result: \w+\. (\d+) passed; (\d+) failed; (\d+) ignored;/gm
  )) {
    counts.passed += Number(passed)
    counts.failed += Number(failed)
    counts.skipped += Number(ignored)
  }
  const written = output.split(/^---- (?=.* stdout ----$)/m).slice(1)
  const skipped = written.filter((text) => /^skipped: /m.test(text)).length
  return { ...counts, passed: counts.passed - skipped, skipped: counts.skipped + skipped }
}

/** @param {Counts[]} list @returns {Counts} */
export function sumOf(list) {
  const sum = (key) => list.reduce((total, counts) => total + counts[key], 0)
  return { passed: sum('passed'), failed: sum('failed'), skipped: sum('skipped') }
}

/** From the file that `jest --json` writes. A file that can't be loaded is one failure. */
export function jestCounts(results) {
  const { numPassedTests, numFailedTests, numRuntimeErrorTestSuites } = results
  const { numPendingTests, numTodoTests } = results
  return {
    passed: numPassedTests,
    failed: numFailedTests + numRuntimeErrorTestSuites,
    skipped: numPendingTests + numTodoTests,
  }
}

/** The end of what `node --test` writes as TAP. @returns {Counts} */
export function nodeCounts(output) {
  const count = (what) => Number(output.match(new RegExp(`^# ${what} (\\d+)`, 'm'))?.[1] ?? 0)
  return {
    passed: count('pass'),
    failed: count('fail') + count('cancelled'),
    skipped: count('skipped') + count('todo'),
  }
}
