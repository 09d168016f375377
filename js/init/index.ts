import { cpSync, existsSync, mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { nextConfig } from './next-config'
import { findQueries } from './readers'
import { findSource } from './source'
import { socketsFile } from './sockets'

const SOCKETS = 'lib/multidbSockets.ts'

/** What is to be done by hand where a file was kept. */
const KEPT: Record<string, string> = {
  'instrumentation.ts':
    "; have its register() call serveSockets() of lib/multidbSockets, within if (process.env.NEXT_RUNTIME === 'nodejs')",
}

/** Writes the route files into a Studio. A file that is there already is left alone and named. */
export function init(studio: string | undefined, say: (line: string) => void): boolean {
  if (studio === undefined || !existsSync(join(studio, 'package.json'))) {
    say('init needs the directory of a Studio: the one with its package.json')
    return false
  }
  const routes = resolve(__dirname, '..', '..', 'studio')
  const own = ['lib/multidb.ts', SOCKETS, 'instrumentation.ts']
  const sockets = socketsFile(studio)
  for (const file of [...own, ...walk(join(routes, 'pages', 'api', 'platform'), routes)]) {
    const target = join(studio, file)
    if (existsSync(target)) {
      say(`kept    ${file} (it is there already${KEPT[file] ?? ''})`)
      continue
    }
    mkdirSync(dirname(target), { recursive: true })
    if (file === SOCKETS) writeFileSync(target, sockets.text)
    else cpSync(join(routes, file), target)
    say(`wrote   ${file}`)
    if (file === SOCKETS && sockets.doubt) {
      say(`TO DO   ${file}: ${sockets.doubt}; until it says who connects, sockets are refused`)
    }
  }
  wrapper(studio, say)
  queries(studio, say)
  for (const line of nextConfig(studio)) say(line)
  names(say)
  return true
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
  if (found.length === 0) return
  say('')
  say('These query platform.databases, or views of it. `migrate` makes it a view of the registered')
  say(
    'connections: it shows no secrets and refuses writes; views and functions of the old table go'
  )
  say('on showing what was registered before. What replaces them is in docs/switching.md.')
  for (const { file, line, does } of found) say(`  ${does.padEnd(6)}  ${file}:${line}`)
}

function walk(folder: string, root: string): string[] {
  return readdirSync(folder).flatMap((name) => {
    const path = join(folder, name)
    return statSync(path).isDirectory() ? walk(path, root) : [relative(root, path)]
  })
}
