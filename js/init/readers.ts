import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { sources } from './source'

/** A line of the Studio's that speaks to the table which `migrate` makes a view. */
export interface Query {
  file: string
  line: number
  /** What the statement does to it, as far as the text before it tells. */
  does: 'reads' | 'writes'
}

const SOURCE = ['.ts', '.tsx', '.js', '.jsx', '.mjs', '.cjs', '.sql']

/** The table, quoted or not, and the views of it that stay with the old table. */
const TABLE = /\bplatform"?\s*\.\s*"?databases(?:_safe|_with_connection_strings)?\b/gi
/** As query builders spell it. */
const BUILT = /\.schema\(\s*['"`]platform['"`]\s*\)\s*\.from\(\s*['"`]databases['"`]\s*\)/g
const WRITES = /\b(insert\s+into|update(\s+only)?|delete\s+from(\s+only)?|merge\s+into)\s+"?$/i
const THEN_WRITES = /^\s*\.(insert|update|upsert|delete)\b/

/** The places where the Studio's own files query `platform.databases`. */
export function findQueries(studio: string): Query[] {
  const queries: Query[] = []
  for (const file of sources(studio, SOURCE)) {
    const text = readFileSync(join(studio, file), 'utf8')
    for (const pattern of [TABLE, BUILT]) {
      for (const { index, 0: found } of text.matchAll(pattern)) {
        const writes =
          WRITES.test(text.slice(Math.max(0, index - 60), index)) ||
          THEN_WRITES.test(text.slice(index + found.length))
        const line = text.slice(0, index).split('\n').length
        queries.push({ file, line, does: writes ? 'writes' : 'reads' })
      }
    }
  }
  return queries
}
