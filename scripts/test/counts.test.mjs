import assert from 'node:assert/strict'
import { test } from 'node:test'

import { cargoCounts } from './counts.mjs'

const program = `
running 4 tests
test a ... ok
test b ... ok
test c ... FAILED
test d ... ignored

successes:

---- a stdout ----
skipped: TEST_REDIS_URL is not set

---- b stdout ----
not about skipping: anything

failures:

---- c stdout ----
thread 'c' panicked

failures:
    c

test result: FAILED. 2 passed; 1 failed; 1 ignored; 0 measured; 0 filtered out
`

test('a Rust test that says it was skipped counts as skipped, not as passed', () => {
  assert.deepEqual(cargoCounts(program + program), { passed: 2, failed: 2, skipped: 4 })
})
