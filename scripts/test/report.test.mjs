import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { test } from 'node:test'
import { promisify } from 'node:util'

const script = `
  import { createReport } from '${new URL('./report.mjs', import.meta.url)}'
  const { sideBySide, finish } = createReport()
  let running = 0
  let most = 0
  const step = (name, error) => [name, async (write) => {
    most = Math.max(most, ++running)
    for (const line of [1, 2, 3]) {
      write(name + line + '\\n')
      await new Promise(setImmediate)
    }
    running--
    if (error) throw error
    return { passed: 3, failed: 0, skipped: 0 }
  }]
  await sideBySide([step('a'), step('b', new Error('on purpose')), step('c')], 2)
  console.log('most: ' + most)
  finish()`

test('steps side by side are so many at a time, and each is told in one piece', async () => {
  const args = ['--input-type=module', '--eval', script]
  const { stdout } = await promisify(execFile)(process.execPath, args)
  for (const name of ['a', 'b', 'c']) {
    assert.match(stdout, new RegExp(`\n=== ${name}\n${name}1\n${name}2\n${name}3\n`))
  }
  assert.match(stdout, /^most: 2$/m)
  assert.match(stdout, /a: ok \(3\)\n.* b: FAILED \(1 of 1\)\n.* c: ok \(3\)\n/)
  assert.match(stdout, /^=== failed in b\n.*on purpose/m)
  assert.match(stdout, /^6 passed, 1 failed$/m)
})
