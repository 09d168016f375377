import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/** What a source file of the Studio may end in. */
export const ENDINGS = ['.ts', '.tsx', '.mts', '.cts', '.js', '.jsx', '.mjs', '.cjs']
/** A source file of the Studio, by its path without the ending. */
export interface Source {
  path: string
  /** Without comments: what is said there of code is not code. */
  code: string
}

/** `lib/constants` as `lib/constants.ts`, `lib/constants/index.tsx` and so on; whichever is there. */
export function findSource(studio: string, stem: string): Source | undefined {
  const names = [stem, join(stem, 'index')].flatMap((name) => ENDINGS.map((end) => name + end))
  const path = names.find((name) => existsSync(join(studio, name)))
  if (path === undefined) return undefined
  return { path, code: withoutComments(readFileSync(join(studio, path), 'utf8')) }
}

/** Texts are kept: a `//` in them begins no comment. Lines stay where they are. */
function withoutComments(text: string): string {
  const parts = /("(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|`(?:\\.|[^`\\])*`)|\/\*[^]*?\*\/|\/\/.*/g
  return text.replace(parts, (part: string, literal?: string) =>
    literal === undefined ? part.replace(/[^\n]/g, ' ') : literal
  )
}
