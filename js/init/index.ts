import { cpSync, existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { collisions, isSameRoute } from './collisions'
import { nextConfig } from './next-config'
import { findQueries } from './readers'
import { homeOf, routeOf, routesOf, walk, withoutEnding } from './routes'
import { findSource } from './source'
import { socketsFile } from './sockets'

const SOCKETS = 'lib/multidbSockets.ts'

/** What is to be done by hand where a file was kept. */
const KEPT: Record<string, string> = {
  'instrumentation.ts':
    "; have its register() call serveSockets() of lib/multidbSockets, within if (process.env.NEXT_RUNTIME === 'nodejs')",
}

/**
 * Writes the route files into a Studio. A file that is there already is left alone and named. Where one
 * of the Studio's own would not work any more beside them, nothing is written.
 */
export function init(studio: string | undefined, say: (line: string) => void): boolean {
  if (studio === undefined || !existsSync(join(studio, 'package.json'))) {
    say('init needs the directory of a Studio: the one with its package.json')
    return false
  }
  const routes = resolve(__dirname, '..', '..', 'studio')
  const files = walk(join(routes, 'pages', 'api', 'platform'), routes)
  const home = homeOf(studio)
  const base = join(studio, home)
  if (!fits(files, base, home, say)) return false
  const sockets = socketsFile(base)
  for (const file of ['lib/multidb.ts', SOCKETS, 'instrumentation.ts', ...files]) {
    const target = join(base, file)
    const shown = join(home, file)
    const there = existsSync(target) ? file : inItsPlace(base, file)
    if (there !== undefined) {
      say(`kept    ${join(home, there)} (it is there already${KEPT[file] ?? ''})`)
      continue
    }
    mkdirSync(dirname(target), { recursive: true })
    if (file === SOCKETS) writeFileSync(target, sockets.text)
    else cpSync(join(routes, file), target)
    say(`wrote   ${shown}`)
    if (file === SOCKETS && sockets.doubt) {
      say(`TO DO   ${shown}: ${sockets.doubt}; until it says who connects, sockets are refused`)
    }
  }
  wrapper(base, say)
  queries(studio, say)
  for (const line of nextConfig(studio)) say(line)
  names(say)
  return true
}

/** Whether the Studio's own routes go on working; says which do not, and which are asked before ours. */
function fits(files: string[], base: string, home: string, say: (line: string) => void): boolean {
  const ours = files.flatMap((file) => routeOf(file) ?? [])
  const found = collisions(ours, routesOf(base))
  for (const { file, breaks, what } of found) {
    say(`${breaks ? 'BREAKS' : 'FIRST '}  ${join(home, file)}: ${what}`)
  }
  const isFit = !found.some(({ breaks }) => breaks)
  if (!isFit) say('nothing was written; run init again once this is done')
  return isFit
}

/** A file of the Studio's that Next would find in place of ours, or beside it. */
function inItsPlace(base: string, file: string): string | undefined {
  const route = routeOf(file)
  if (file.startsWith('pages') && route) return routesOf(base).find(isSameRoute(route))?.file
  const folder = join(base, dirname(file))
  const names = existsSync(folder) ? readdirSync(folder) : []
  return names
    .map((name) => join(dirname(file), name))
    .find((name) => withoutEnding(name) === withoutEnding(file))
}

/** Without logins, a name that the Studio does not know may be another site's. */
function names(say: (line: string) => void) {
  say('')
  say('where browsers reach the Studio by a name other than localhost, and it has no logins, set')
  say('what they show for it, or its requests are refused:')
  say('  MULTIDB_ALLOWED_ORIGINS=https://studio.example.com')
}

/** The routes go through the Studio's own wrapper; without it they would not compile. */
function wrapper(studio: string, say: (line: string) => void) {
  const found = findSource(studio, 'lib/api/apiWrapper')
  if (!found) say('TO DO   the routes import lib/api/apiWrapper, and there is none')
  else if (!/\bexport\s+default\b|\bas\s+default\b/.test(found.code)) {
    say(`TO DO   the routes import the default export of ${found.path}, and it has none`)
  }
}

function queries(studio: string, say: (line: string) => void) {
  const found = findQueries(studio)
  say('')
  if (found.length > 0) {
    say(
      'These query platform.databases, or views of it. `migrate` makes it a view of the registered'
    )
    say(
      'connections: it shows no secrets and refuses writes; views and functions of the old table go'
    )
    say('on showing what was registered before. What replaces them is in docs/switching.md.')
    for (const { file, line, does } of found) say(`  ${does.padEnd(6)}  ${file}:${line}`)
  } else say('No file was found that queries platform.databases, which `migrate` makes a view.')
  say('Not seen: a name that is put together from other files, a query builder that is told the')
  say('schema in another file, and what is not in this folder.')
}
