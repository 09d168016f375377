import assert from 'node:assert/strict'
import { execFileSync, spawn } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'

import { requireNothingLeft } from './leavings.mjs'

const newFolder = () => mkdtempSync(join(tmpdir(), 'leavings-'))

test('a folder that is empty is removed', async () => {
  const folder = newFolder()
  await requireNothingLeft(folder, 0)
  assert.equal(existsSync(folder), false)
})

test('a file that is left is named, and removed all the same', async () => {
  const folder = newFolder()
  writeFileSync(join(folder, 'forgotten'), '')
  await assert.rejects(requireNothingLeft(folder, 0), /forgotten/)
  assert.equal(existsSync(folder), false)
})

test('a process whose parent has ended is named', { skip: !existsSync('/proc/self') }, async () => {
  const folder = newFolder()
  const env = { ...process.env, TMPDIR: folder }
  const pid = Number(execFileSync('sh', ['-c', 'sleep 60 >/dev/null 2>&1 & echo $!'], { env }))
  const child = spawn('sleep', ['60'], { env })
  try {
    await assert.rejects(requireNothingLeft(folder, 0), (error) => {
      assert.match(error.message, new RegExp(`process ${pid}: .*sleep 60`))
      // A child ends with this program.
      assert.doesNotMatch(error.message, new RegExp(`process ${child.pid}:`))
      return true
    })
  } finally {
    process.kill(pid)
    child.kill()
    rmSync(folder, { recursive: true, force: true })
  }
})
