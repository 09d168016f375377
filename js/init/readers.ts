import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { sources } from './source'
import { writes } from './writes'

/** A line of the Studio's that speaks to the table which `migrate` makes a view. */
export interface Query {
  file: string
  line: number
  /** What the statement does to it, as far as the text around it tells. */
  does: 'reads' | 'writes'
}

const SOURCE = (
  '.ts .tsx .mts .cts .js .jsx .mjs .cjs .vue .svelte .sql .psql .prisma .sh .bash .zsh .ps1 .py .rb .go .rs ' +
  '.php .java .kt .cs .yml .yaml'
).split(' ')

/** The table, and the views of it that stay with the old table. */
const NAME = 'databases(?:_safe|_with_connection_strings)?'
const QUOTE = '\\\\?["`]?'
/** With its schema, quoted or not. */
const WHOLE = new RegExp(`\\bplatform${QUOTE}\\s*\\.\\s*${QUOTE}${NAME}\\b`, 'gi')
/** As lists of identifiers have it. */
const LISTED = new RegExp(`(["'\`])platform\\1\\s*,\\s*(["'\`])${NAME}\\2`, 'g')

/** What makes `platform` the schema of names that have none: of one file, or of every file. */
const SCHEMA = /(?:schema\w*|profile)\\?["'`]?\s*[(:=,]\s*\[?\s*\\?["'`]platform\b/i
const CLIENT = /\bdb["']?\s*:\s*\{[^}]*\bschema["']?\s*:\s*["'`]platform["'`]/
const SEARCH_PATH = /\bsearch_?path\b[^;\n]*\bplatform\b/i

/** The name alone: as a text, as a model, as a path; in a statement; as a client's builders have it. */
const TEXT = new RegExp(`(["'\`])${NAME}\\1|^\\s*model\\s+${NAME}\\b|/rest/v\\d+/${NAME}\\b`, 'gm')
const STATEMENT = new RegExp(
  `(?<=\\b(?:from|join|into|update|only|table|truncate|copy|using)(?:\\s|\\\\[nrt])+${QUOTE})${NAME}\\b(?!\\s*[.:])`,
  'gi'
)
const BUILT = new RegExp(`(?<=\\.(?:from|table)\\s*(?:<[^()]*>)?\\(\\s*)(["'\`])${NAME}\\1`, 'g')

/** The places where the Studio's own files query `platform.databases`. */
export function findQueries(studio: string): Query[] {
  const read = (file: string) => readFileSync(join(studio, file), 'utf8')
  const everywhere = new Set<RegExp>()
  const files = [...sources(studio, SOURCE)]
  for (const file of files) {
    const text = read(file)
    if (CLIENT.test(text)) everywhere.add(BUILT)
    if (SEARCH_PATH.test(text)) everywhere.add(STATEMENT)
  }
  return files.flatMap((file) => {
    const text = read(file)
    const patterns = [WHOLE, LISTED, ...everywhere, ...(SCHEMA.test(text) ? [TEXT] : [])]
    return queriesOf(file, text, patterns)
  })
}

/** In the order of their lines, each once. */
function queriesOf(file: string, text: string, patterns: RegExp[]): Query[] {
  const found = new Map<string, Query>()
  for (const pattern of patterns) {
    for (const { index, 0: name } of text.matchAll(pattern)) {
      const start = index + /^\s*/.exec(name)![0].length
      const line = text.slice(0, start).split('\n').length
      const does = writes(text.slice(0, start), text.slice(index + name.length))
      found.set(`${line} ${does}`, { file, line, does: does ? 'writes' : 'reads' })
    }
  }
  return [...found.values()].sort((a, b) => a.line - b.line)
}
