import { existsSync, lstatSync, readdirSync, readFileSync } from 'node:fs'
import { join, relative } from 'node:path'

/** What a source file of the Studio may end in. */
export const ENDINGS = ['.ts', '.tsx', '.mts', '.cts', '.js', '.jsx', '.mjs', '.cjs']
/** What tools keep, wherever it lies. */
const KEPT_BY_TOOLS = new Set(
  'node_modules .next .git .turbo .cache .vercel .yarn .pnpm-store'.split(' ')
)
/** What a build leaves at the top. Further down, a folder may be called so and be source. */
const BUILT = new Set(['dist', 'build', 'coverage', 'out'])

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

/** Every file with one of these endings, past what is not the Studio's own; links are not followed. */
export function* sources(studio: string, endings: string[], folder = studio): Generator<string> {
  for (const name of readdirSync(folder).sort()) {
    const path = join(folder, name)
    const found = lstatSync(path)
    if (found.isDirectory()) {
      const isBuilt = folder === studio && BUILT.has(name)
      if (!isBuilt && !KEPT_BY_TOOLS.has(name)) yield* sources(studio, endings, path)
    } else if (found.isFile() && endings.some((end) => name.endsWith(end))) {
      yield relative(studio, path)
    }
  }
}

/** Texts are kept: a `//` in them begins no comment. Lines stay where they are. */
function withoutComments(text: string): string {
  const parts = /("(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|`(?:\\.|[^`\\])*`)|\/\*[^]*?\*\/|\/\/.*/g
  return text.replace(parts, (part: string, literal?: string) =>
    literal === undefined ? part.replace(/[^\n]/g, ' ') : literal
  )
}
