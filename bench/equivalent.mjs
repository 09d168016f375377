// A comparison is fair only between contenders that answer the same.

/** What of an answer is compared, where that is not all of it. */
const parts = {
  // The order of the keys is the server's; the time that they have left runs on meanwhile.
  page: ({ keys }) =>
    Object.fromEntries(keys.map(({ key, ttl, ...rest }) => [key, { expires: ttl > 0, ...rest }])),
  find: (data) => data.documents,
  insertMany: (data) => data.inserted_count,
  select100: (data) => data.rows ?? data,
  select5000: (data) => data.rows ?? data,
  registryList: (data) => new Set((data.databases ?? data).map(({ id }) => id)).size,
  registryGet: (data) => ({ id: (data[0] ?? data).id, name: (data[0] ?? data).name }),
}

/** Throws where a peer's answer says something else than ours. */
export function requireEquivalent(row, ours, theirs, peer) {
  const [a, b] = [ours, theirs].map((text) => canonical(content(row, text)))
  if (a === b) return
  const at = [...a].findIndex((char, i) => char !== b[i])
  const near = (text) => text.slice(Math.max(0, at - 80), at + 80)
  throw new Error(`${row}: ${peer} answers something else\n  ${near(a)}\n  ${near(b)}`)
}

function content(row, text) {
  if (row === 'get' || row === 'set') return text
  const { data } = JSON.parse(text)
  return parts[row]?.(data) ?? data
}

/** Order of members doesn't count, nor how a number or a time is spelt. */
function canonical(value) {
  return JSON.stringify(value, (_, member) => {
    if (member !== null && typeof member === 'object' && !Array.isArray(member)) {
      return Object.fromEntries(Object.entries(member).sort(([a], [b]) => (a < b ? -1 : 1)))
    }
    if (typeof member === 'string' && /^-?\d+(\.\d+)?$/.test(member)) return Number(member)
    if (typeof member === 'string' && /^\d{4}-\d\d-\d\d[T ]\d\d:/.test(member)) {
      return new Date(member).getTime()
    }
    return member
  })
}
