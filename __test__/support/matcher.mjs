// Picks the requests that a fault is for.

import { seededRandom } from './random.mjs'

/**
 * @typedef {object} Selection
 * @property {string | Buffer | RegExp | ((bytes: Buffer) => boolean)} [match] what a request must
 *   contain; every request unless given
 * @property {number} [probability] of being picked, 1 unless given
 * @property {number} [times] picked at most so often
 * @property {number} [skip] let the first so many matching ones pass
 * @property {number} [seed] of the chance
 */

/**
 * How often a pattern begins or ends in a chunk. Text and buffers are also found where they are
 * split over two chunks, and counted as often as they occur, so that each of many requests sent
 * at once has its own chance of being picked.
 */
function counter(match) {
  if (match === undefined) return () => (chunk) => Number(chunk.length > 0)
  if (typeof match === 'function') return () => (chunk) => Number(match(chunk))
  if (match instanceof RegExp) {
    const all = new RegExp(match.source, [...new Set(`${match.flags}g`)].join(''))
    return () => (chunk) => [...chunk.toString('latin1').matchAll(all)].length
  }
  const pattern = Buffer.from(match)
  if (pattern.length === 0) throw new TypeError('an empty match would be everywhere')
  return () => {
    let tail = Buffer.alloc(0)
    return (chunk) => {
      const bytes = Buffer.concat([tail, chunk])
      let count = 0
      let from = 0
      for (let at; (at = bytes.indexOf(pattern, from)) !== -1; from = at + pattern.length) count++
      tail = Buffer.from(bytes.subarray(Math.max(from, bytes.length - pattern.length + 1)))
      return count
    }
  }
}

/**
 * A picker shared by all connections of a proxy; each connection takes a reader of its own, as
 * it has a stream of its own.
 *
 * @param {Selection} selection
 * @returns {{ reader: () => (chunk: Buffer) => boolean, picked: () => number }}
 */
export function createPicker({ match, probability = 1, times = Infinity, skip = 0, seed = 1 }) {
  const random = seededRandom(seed)
  const newCounter = counter(match)
  let seen = 0
  let picked = 0

  const draw = () => {
    if (seen++ < skip || picked >= times) return false
    // The number is drawn for every match, so that the sequence depends on the seed alone.
    return random() < probability
  }
  return {
    reader() {
      const count = newCounter()
      return (chunk) => {
        let hit = false
        for (let left = count(chunk); left > 0; left--) hit = draw() || hit
        if (hit) picked++
        return hit
      }
    },
    picked: () => picked,
  }
}
