// Studios for `studio-multidb init` to look at.

import { execFileSync } from 'node:child_process'
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { temporaryFolders } from '../support/folder'
import { root } from '../support/processes'

// Many Studios are looked at: a process for each would take minutes.
const { init } = jest.requireActual<typeof import('../../js/init')>('../../dist/init/index.js')

export const temporaryFolder = temporaryFolders()

/** A Studio of these files, after `init`. */
export function studio(files: Record<string, string>) {
  const folder = temporaryFolder()
  for (const [name, text] of Object.entries({ 'package.json': '{}', ...files })) {
    mkdirSync(dirname(join(folder, name)), { recursive: true })
    writeFileSync(join(folder, name), text)
  }
  const init = () =>
    execFileSync(process.execPath, [join(root, 'dist/cli.js'), 'init', folder], {
      encoding: 'utf8',
    })
  const said = init()
  const sockets = readFileSync(join(folder, 'lib/multidbSockets.ts'), 'utf8')
  return { folder, said, sockets, init }
}

/** What `init` says to a Studio of these files, and which files are there afterwards. */
export function visit(files: string[], text = 'export default 1') {
  const folder = temporaryFolder()
  for (const name of new Set(['package.json', ...files])) {
    mkdirSync(dirname(join(folder, name)), { recursive: true })
    writeFileSync(join(folder, name), files.includes(name) ? text : '{}')
  }
  const lines: string[] = []
  const isDone = init(folder, (line) => lines.push(line))
  const names = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)))
  const wrote = names.filter((name) => name !== 'package.json' && !files.includes(name))
  return { isDone, said: lines.join('\n'), wrote }
}

/** What is said of queries, a line each. */
export const queries = (said: string) =>
  said
    .split('\n')
    .filter((line) => /^ {2}(reads|writes|maybe)/.test(line))
    .map((line) => line.trim().split(/\s+/).join(' '))
