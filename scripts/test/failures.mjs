// Which tests failed, and what they said first, from what each runner writes. A log of which only
// the end is kept should still tell.

import { relative } from 'node:path'
import { stripVTControlCharacters } from 'node:util'

/** @typedef {{ name: string, text: string }} Failure */

/**
 * Of all test programs of a `cargo test`.
 * @returns {Failure[]}
 */
export function cargoFailures(output) {
  const failures = []
  let program = ''
  let named = false
  let text
  for (const line of plain(output).split('\n')) {
    const running = line.match(/^\s+(?:Running (?:unittests )?(\S+)|Doc-tests (\S+)) ?/)
    const failure = line.match(/^---- (.+) stdout ----$/)
    const killed = line.match(/^ *process didn't exit successfully: .*\((signal: .+)\)$/)
    if (running) program = running[1] ?? running[2]
    // Which of its tests that was, nobody can tell.
    else if (killed) mark(failures, program, killed[1])
    else if (failure) {
      text = []
      failures.push({ program, test: failure[1], text, failed: false })
    } else if (/^(failures|successes):$/.test(line)) {
      text = undefined
      named = line === 'failures:'
    } else if (line.startsWith('test result: ')) named = false
    else if (text) text.push(line)
    // The list at the end tells apart what failed from what merely wrote something.
    else if (named && /^ {4}\S/.test(line)) mark(failures, program, line.trim())
  }
  return failures
    .filter(({ failed }) => failed)
    .map(({ program, test, text }) => ({
      name: program ? `${program}: ${test}` : test,
      text: fromPanic(text).join('\n'),
    }))
}

function mark(failures, program, test) {
  const found = failures.find((one) => one.program === program && one.test === test)
  if (found) found.failed = true
  else failures.push({ program, test, text: [], failed: true })
}

/** What a test wrote before it panicked may be long, and is not why it failed. */
function fromPanic(lines) {
  const start = lines.findIndex((line) => /^thread '.*' .*panicked at /.test(line))
  const end = lines.indexOf('stack backtrace:')
  return lines.slice(Math.max(start, 0), end < 0 ? undefined : end)
}

/**
 * From the file that `jest --json` writes.
 * @param {string} root the folder that file names are relative to
 * @returns {Failure[]}
 */
export function jestFailures({ testResults }, root) {
  return testResults.flatMap(({ name, status, message, assertionResults }) => {
    const file = relative(root, name)
    const failed = assertionResults.filter((result) => result.status === 'failed')
    // A file that can't be loaded has no tests.
    if (failed.length === 0 && status === 'failed') return [{ name: file, text: plain(message) }]
    return failed.map(({ fullName, failureMessages }) => ({
      name: `${file}: ${fullName}`,
      text: plain(failureMessages.join('\n')),
    }))
  })
}

/**
 * From what `node --test` writes as TAP.
 * @returns {Failure[]}
 */
export function nodeFailures(output) {
  const points = plain(output).matchAll(
    /^( *)not ok \d+ - (.*)\n\1 {2}---\n([^]*?)^\1 {2}\.\.\.$/gm
  )
  return [...points]
    .filter(([, , , details]) => !details.includes("failureType: 'subtestsFailed'"))
    .map(([, indent, name, details]) => ({
      name,
      text: details.replaceAll(`\n${indent}  `, '\n').slice(indent.length + 2),
    }))
}

const plain = (text) => stripVTControlCharacters(text).replaceAll('\r\n', '\n')

const LINES = 40
const COLUMNS = 300
/** So many are told with what they said; of the others the names must do. */
const TOLD = 25

/**
 * The failures of one step, for people.
 * @param {Failure[]} failures
 */
export function describeFailures(failures) {
  return failures
    .map(({ name, text }, at) => [name, ...(at < TOLD ? firstLines(text) : [])].join('\n    '))
    .join('\n')
}

function firstLines(text) {
  const lines = text.trim().split('\n')
  const more = lines.length > LINES ? [`… ${lines.length - LINES} more lines`] : []
  return [...lines.slice(0, LINES).map(cut), ...more]
}

const cut = (line) => (line.length > COLUMNS ? `${line.slice(0, COLUMNS)}…` : line)

/** The end of what a command wrote that runs no tests: compilers and linters sum up there. */
export const lastLines = (output) => plain(output).trimEnd().split('\n').slice(-LINES).join('\n')
