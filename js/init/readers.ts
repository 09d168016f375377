import { putTogether, texts } from './texts'
import { writes } from './writes'

/** A line of the Studio's that speaks to the table which `migrate` makes a view. */
export interface Query {
  file: string
  line: number
  /** What the statement does to it, as far as the text around it tells; or whether it is this table. */
  does: 'reads' | 'writes' | 'maybe'
}

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
const SEARCH_PATH = /(?:\b|-c)search_?path\b[^;\n]*(?:\b|%3D|%20|%2C)platform\b/i

/** The name alone: as a text, as a model, as a path; in a statement; as a client's builders have it. */
const TEXT = new RegExp(`(["'\`])${NAME}\\1|^\\s*model\\s+${NAME}\\b|/rest/v\\d+/${NAME}\\b`, 'gm')
const STATEMENT = new RegExp(
  `(?<=\\b(?:from|join|into|update|only|table|truncate|copy|using)(?:\\s|\\\\[nrt])+${QUOTE})${NAME}\\b(?!\\s*[.:])`,
  'gi'
)
const BUILT = new RegExp(`(?<=\\.(?:from|table)\\s*(?:<[^()]*>)?\\(\\s*)(["'\`])${NAME}\\1`, 'g')

/** A schema, or a table, whose name another file holds. */
const OPEN_SCHEMA = new RegExp(
  `\\$\\{[^{}\\n]*\\}${QUOTE}\\s*\\.\\s*${QUOTE}${NAME}\\b(?!\\s*[.(:])`,
  'gi'
)
const OPEN_TABLE = new RegExp(`\\bplatform${QUOTE}\\s*\\.\\s*${QUOTE}\\$\\{[^{}\\n]*\\}`, 'gi')

/** The functions over the table that a Studio's own migrations make. */
const FUNCTION =
  /\b(?:platform\.|rpc[\/(]\s*["'`]?)(?:update_database_health|get_project_databases|decrypt_database_connection_string)\b/g

/** The places where the Studio's own files query `platform.databases`. */
export function findQueries(studio: string): Query[] {
  const everywhere = new Set<RegExp>()
  const files = [...texts(studio)]
  for (const { text } of files) {
    if (CLIENT.test(text)) everywhere.add(BUILT)
    if (SEARCH_PATH.test(text)) everywhere.add(STATEMENT)
  }
  return files.flatMap(({ file, text }) => {
    const patterns = [LISTED, FUNCTION, ...everywhere, ...(SCHEMA.test(text) ? [TEXT] : [])]
    const whole = putTogether(text)
    const found = [
      ...queriesOf(file, text, patterns),
      ...queriesOf(file, whole, [WHOLE, OPEN_SCHEMA]),
      ...queriesOf(file, whole, [OPEN_TABLE]).map((one): Query => ({ ...one, does: 'maybe' })),
    ]
    const once = new Map(found.map((one) => [`${one.line} ${one.does}`, one]))
    return [...once.values()].sort((a, b) => a.line - b.line)
  })
}

function queriesOf(file: string, text: string, patterns: RegExp[]): Query[] {
  return patterns.flatMap((pattern) =>
    [...text.matchAll(pattern)].map(({ index, 0: name }): Query => {
      const start = index + /^\s*/.exec(name)![0].length
      const line = text.slice(0, start).split('\n').length
      const changes =
        pattern === FUNCTION
          ? /update_/.test(name)
          : writes(text.slice(0, start), text.slice(index + name.length))
      return { file, line, does: changes ? 'writes' : 'reads' }
    })
  )
}
