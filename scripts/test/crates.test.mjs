import assert from 'node:assert/strict'
import { test } from 'node:test'

import { isAllowed } from './crates.mjs'

const allowed = new Set(['MIT', 'Apache-2.0', 'Apache-2.0 WITH LLVM-exception', 'ISC'])

test('a licence expression is met by one side of OR and by both sides of AND', () => {
  const cases = {
    MIT: true,
    'GPL-3.0': false,
    'MIT OR GPL-3.0': true,
    'GPL-3.0/MIT': true,
    'MIT AND GPL-3.0': false,
    'MIT AND ISC OR GPL-3.0': true,
    'GPL-3.0 OR MIT AND GPL-2.0': false,
    '(GPL-3.0 OR MIT) AND ISC': true,
    'Apache-2.0 WITH LLVM-exception OR GPL-3.0': true,
    'MIT WITH Classpath-exception': false,
  }
  for (const [expression, expected] of Object.entries(cases)) {
    assert.equal(isAllowed(expression, allowed), expected, expression)
  }
})
