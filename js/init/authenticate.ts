import { join } from 'node:path'
import { misfit, type Signature } from './signature'
import { findSource, type Source } from './source'

/** How the Studio authenticates its API routes, as far as its source says. */
export type Authentication =
  | { found: true; path: string; isDefault: boolean; isAsync: boolean; parameters: string[] }
  | { found: false; reason: string }

const NAME = 'apiAuthenticate'
const HOME = 'lib/api/apiAuthenticate'

/** Looks at the Studio's own `apiAuthenticate`. */
export function lookAtAuthentication(studio: string): Authentication {
  const source = findSource(studio, HOME)
  if (!source) return unknown(`there is no ${HOME}`)
  const isDefault = !exportsName(source.code)
  if (isDefault && !/\bexport\s+default\b/.test(source.code)) {
    return unknown(`${source.path} exports no ${NAME}`)
  }
  const read = definition(studio, source, isDefault)
  if (!read) return unknown(`${source.path} makes ${NAME} in a way that could not be read`)
  const why = misfit(read)
  if (why !== undefined) return unknown(`${NAME} in ${source.path} ${why}`)
  const { isAsync, parameters } = read
  return { found: true, path: source.path, isDefault, isAsync, parameters }
}

const unknown = (reason: string): Authentication => ({ found: false, reason })

function exportsName(code: string): boolean {
  return (
    new RegExp(`\\bexport\\s+(async\\s+)?(function|const|let|var)\\s*\\*?\\s*${NAME}\\b`).test(
      code
    ) || new RegExp(`\\bexport\\s*\\{[^}]*\\b${NAME}\\b(?!\\s+as\\b)[^}]*\\}`).test(code)
  )
}

interface Definition extends Signature {
  isAsync: boolean
}

/** Where it is written out: in this file, or in the one that it is passed on from. */
function definition(
  studio: string,
  { code, path }: Source,
  isDefault: boolean,
  depth = 0
): Definition | undefined {
  const passedOn = new RegExp(
    `\\bexport\\s*\\{[^}]*\\b${NAME}\\b[^}]*\\}\\s*from\\s*['"](\\.[^'"]+)`
  )
  const from = passedOn.exec(code)?.[1]
  if (from !== undefined && depth < 3) {
    const next = findSource(studio, join(path, '..', from))
    return next && definition(studio, next, false, depth + 1)
  }
  const names = isDefault ? [defaultName(code)] : [NAME]
  for (const name of names) {
    const written = new RegExp(
      `(?:(async\\s+)?function\\s+${name}|\\b(?:const|let|var)\\s+${name}\\b[^=;]*=\\s*(async\\b)?\\s*(?:function\\b[^(]*)?)\\s*(?:<[^>]*>)?\\s*(?=\\(|\\w+\\s*=>)`
    ).exec(code)
    if (!written) continue
    const rest = code.slice(written.index + written[0].length)
    const isAsync = Boolean(written[1] ?? written[2])
    const bare = /^\w+/.exec(rest)?.[0]
    const read = bare === undefined ? inParentheses(rest) : { parts: [bare], end: bare.length }
    if (read) return { name, isAsync, parameters: read.parts, rest: rest.slice(read.end), code }
  }
  return undefined
}

/** The name of what is exported as the default; where it has none, of nothing. */
function defaultName(code: string): string {
  return /\bexport\s+default\s+(?:async\s+)?(?:function\s+)?(\w+)/.exec(code)?.[1] ?? NAME
}

/** The parts between the first parenthesis and its end, told apart by commas that are in no other. */
function inParentheses(code: string): { parts: string[]; end: number } | undefined {
  const parts = ['']
  let depth = 0
  for (const [at, character] of code.split('').entries()) {
    if ('([{<'.includes(character)) depth++
    // The `>` of an arrow closes nothing.
    else if (')]}'.includes(character) || (character === '>' && code[at - 1] !== '=')) depth--
    if (depth === 0) {
      const said = parts.map((part) => part.trim()).filter((part) => part !== '')
      return { parts: said, end: at + 1 }
    }
    if (depth === 1 && character === ',') parts.push('')
    else if (depth > 1 || character !== '(') parts[parts.length - 1] += character
  }
  return undefined
}
