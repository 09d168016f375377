import assert from 'node:assert/strict'
import { test } from 'node:test'

import {
  cargoFailures,
  describeFailures,
  jestFailures,
  lastLines,
  nodeFailures,
} from './failures.mjs'

const cargo = `
     Running unittests src/lib.rs (target/debug/deps/studio_multidb-1)

running 2 tests
test a ... ok
test b ... FAILED

successes:

---- a stdout ----
thread 'a' (7) panicked at src/a.rs:1:1:
expected by the test

failures:

---- b stdout ----
much that was written before

thread 'b' (8) panicked at src/b.rs:1:1:
assertion \`left == right\` failed
  left: 1
 right: 2
stack backtrace:
   0: std::panicking

failures:
    b

test result: FAILED. 1 passed; 1 failed; 0 ignored; 0 measured; 0 filtered out

     Running tests/redis/main.rs (target/debug/deps/redis-1)

running 1 test
test b ... FAILED

failures:

failures:
    b

test result: FAILED. 0 passed; 1 failed; 0 ignored; 0 measured; 0 filtered out
     Running tests/http.rs (target/debug/deps/http-1)
error: test failed, to rerun pass \`--test http\`

Caused by:
  process didn't exit successfully: \`/target/debug/deps/http-1 --show-output\` (signal: 6, SIGABRT: process abort signal)
`

test('of Rust tests the panic is told, by program and test, and not what passed', () => {
  assert.deepEqual(cargoFailures(cargo), [
    {
      name: 'src/lib.rs: b',
      text: `thread 'b' (8) panicked at src/b.rs:1:1:
assertion \`left == right\` failed
  left: 1
 right: 2`,
    },
    { name: 'tests/redis/main.rs: b', text: '' },
    { name: 'tests/http.rs: signal: 6, SIGABRT: process abort signal', text: '' },
  ])
})

test('of Jest tests the message is told without its colours, and of a file why it has none', () => {
  const results = {
    testResults: [
      {
        name: '/repo/__test__/a.test.ts',
        status: 'failed',
        message: 'everything once more',
        assertionResults: [
          { status: 'passed', fullName: 'group passes', failureMessages: [] },
          {
            status: 'failed',
            fullName: 'group fails',
            failureMessages: ['\u001b[31mError\u001b[39m: x'],
          },
        ],
      },
      {
        name: '/repo/__test__/b.test.ts',
        status: 'failed',
        message: 'Cannot find module',
        assertionResults: [],
      },
    ],
  }
  assert.deepEqual(jestFailures(results, '/repo'), [
    { name: '__test__/a.test.ts: group fails', text: 'Error: x' },
    { name: '__test__/b.test.ts', text: 'Cannot find module' },
  ])
})

test('of node tests the innermost is told', () => {
  const tap = `TAP version 13
# Subtest: group
    # Subtest: inner
    not ok 1 - inner
      ---
      duration_ms: 0.1
      error: |-
        boom
        more
      ...
    1..1
not ok 1 - group
  ---
  failureType: 'subtestsFailed'
  ...
ok 2 - passes
  ---
  duration_ms: 0.1
  ...
not ok 3 - top
  ---
  error: 'x'
  ...
`
  assert.deepEqual(nodeFailures(tap), [
    { name: 'inner', text: 'duration_ms: 0.1\nerror: |-\n  boom\n  more\n' },
    { name: 'top', text: "error: 'x'\n" },
  ])
})

test('what is told is bounded, and every name is told', () => {
  const text = Array.from({ length: 100 }, (_, line) => `${line} ${'x'.repeat(1000)}`).join('\n')
  const failures = Array.from({ length: 300 }, (_, at) => ({ name: `test ${at}`, text }))
  const told = describeFailures(failures)
  for (const { name } of failures) assert.match(told, new RegExp(`^${name}$`, 'm'))
  assert.match(told, /^ {4}39 x+…\n {4}… 60 more lines$/m)
  assert.ok(told.length < 400_000)
  assert.equal(lastLines(`${text}\nlast\n`).split('\n').length, 40)
})
