// Chance that repeats itself: the same seed gives the same numbers, so that a failing run of a
// randomised test can be run again.

/**
 * @param {number} seed
 * @returns {() => number} the next number, from 0 up to but not including 1 (mulberry32)
 */
export function seededRandom(seed) {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}
