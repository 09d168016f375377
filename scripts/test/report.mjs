// Runs the steps, each whatever became of the others, and adds up.

import { CommandError } from '../steps/command.mjs'
import { describeFailures, lastLines } from './failures.mjs'

/** Thrown by a step that can't be done here, which is no failure. */
export class Skip extends Error {}

/** @param {string[]} only words, one of which a step that runs must have in its name */
export function createReport(only = []) {
  const results = []

  /**
   * @param {string} name
   * @param {(write: (text: string | Buffer) => void) => Promise<import('./counts.mjs').Counts | void>}
   *   work a step that resolves with nothing counts as one
   * @param {{ always?: boolean, held?: boolean }} [options] whether it is needed by all others, and
   *   whether what it writes is shown only when it has ended
   * @returns {Promise<boolean>} whether all of it passed
   */
  async function step(name, work, { always = false, held = false } = {}) {
    const wanted = only.length === 0 || only.some((word) => name.includes(word))
    if (!wanted && !always) return true
    const written = []
    const write = (text) => (held ? written.push(text) : process.stdout.write(text))
    write(`\n=== ${name}\n`)
    const begun = Date.now()
    const result = { name, passed: 0, failed: 0, skipped: 0, note: '', seconds: 0, failures: [] }
    results.push(result)
    try {
      Object.assign(result, (await work(write)) ?? { passed: 1 })
    } catch (error) {
      if (error instanceof Skip) {
        result.skipped = 1
        result.note = `skipped: ${error.message}`
      } else {
        // What a command wrote has been shown already.
        const text = error instanceof CommandError ? error.message : error.stack
        write(`${text}\n`)
        Object.assign(result, error.counts)
        const said = error instanceof CommandError ? lastLines(error.output) : text
        result.failures = error.failures?.length
          ? error.failures
          : [{ name: error.message, text: said }]
        // A runner that fails without a failed test has failed itself.
        if (result.failed === 0) result.failed = 1
      }
    }
    result.seconds = (Date.now() - begun) / 1000
    write(`=== ${describe(result)}\n`)
    for (const text of written) process.stdout.write(text)
    return result.failed === 0
  }

  /**
   * Runs steps that have no need of each other, so many at a time. What each writes comes in one
   * piece.
   * @param {Array<[string, Parameters<typeof step>[1]]>} steps
   * @param {number} width
   */
  async function sideBySide(steps, width) {
    const left = steps.values()
    const lane = async () => {
      for (const [name, work] of left) await step(name, work, { held: true })
    }
    await Promise.all(Array.from({ length: width }, lane))
  }

  /** The table, what failed, and the sum: whoever sees only the end of a log sees all of it. */
  function finish() {
    const sum = (field) => results.reduce((total, result) => total + result[field], 0)
    process.stdout.write(`\n${results.map(describe).join('\n')}\n`)
    for (const { name, failures } of results.filter(({ failed }) => failed > 0)) {
      process.stdout.write(`\n=== failed in ${name}\n${describeFailures(failures)}\n`)
    }
    const skipped = sum('skipped') > 0 ? `, ${sum('skipped')} skipped` : ''
    process.stdout.write(`${sum('passed')} passed, ${sum('failed')} failed${skipped}\n`)
    return sum('failed') === 0
  }

  return { step, sideBySide, finish }
}

function describe({ name, passed, failed, skipped, note, seconds }) {
  const more = skipped > 0 ? `, ${skipped} skipped` : ''
  const outcome =
    note ||
    (failed > 0 ? `FAILED (${failed} of ${passed + failed}${more})` : `ok (${passed}${more})`)
  return `${seconds.toFixed(1).padStart(7)} s  ${name}: ${outcome}`
}
