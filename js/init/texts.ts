import { lstatSync, readdirSync, readFileSync } from 'node:fs'
import { join, relative } from 'node:path'

/** What tools keep, wherever it lies. */
const KEPT_BY_TOOLS = new Set(
  'node_modules .next .git .turbo .cache .vercel .yarn .pnpm-store'.split(' ')
)
/** What a build leaves at the top. Further down, a folder may be called so and be source. */
const BUILT = new Set(['dist', 'build', 'coverage', 'out'])

/** Prose, what tools write, and what is larger than anybody writes. */
const PASSED_OVER =
  /\.(?:mdx?|map|log|lock|snap|svg|csv)$|(?:^|[-.])lock\.(?:json|ya?ml)$|^bun\.lockb$/
const LARGEST = 4 * 1024 * 1024

/** A file of the Studio's own. */
interface Text {
  file: string
  text: string
}

/** Every file that is text, whatever its name ends in; links are not followed. */
export function* texts(studio: string, folder = studio): Generator<Text> {
  for (const name of readdirSync(folder).sort()) {
    const path = join(folder, name)
    const found = lstatSync(path)
    if (found.isDirectory()) {
      const isBuilt = folder === studio && BUILT.has(name)
      if (!isBuilt && !KEPT_BY_TOOLS.has(name)) yield* texts(studio, path)
    } else if (found.isFile() && found.size <= LARGEST && !PASSED_OVER.test(name)) {
      const text = readFileSync(path, 'utf8')
      if (!text.includes('\0')) yield { file: relative(studio, path), text }
    }
  }
}

/**
 * Texts that are added, and names within `${…}` that the same file holds, as one text. Lines stay
 * where they are.
 */
export function putTogether(text: string): string {
  const names = new Map<string, string>()
  const constant =
    /\b(\w+)\s*(?::\s*[\w<>]+\s*)?=\s*(["'`])(platform|platform\.databases|databases\w*)\2/g
  for (const [, name = '', , value = ''] of text.matchAll(constant)) names.set(name, value)
  const lines = (part: string) => part.replace(/[^\n]/g, '')
  return text
    .replace(/(["'`])\s*\+\s*(\w+)\s*(?:\+\s*\1|(?=[);,\n]))/g, (part, _, name: string) => {
      const known = names.get(name)
      return known === undefined ? part : known + lines(part)
    })
    .replace(/(["'`])\s*\+\s*["'`]/g, lines)
    .replace(/\$\{\s*[\w.$]*\(\s*(["'`])([\w.]+)\1\s*\)\s*\}/g, '$2')
    .replace(/\$\{\s*(\w+)\s*\}|\$([A-Z_]\w*)/g, (part, braced?: string, bare?: string) => {
      return names.get(braced ?? bare ?? '') ?? part
    })
}
