// What must be on a machine before anything else works.

import { delimiter, join } from 'node:path'
import { homedir } from 'node:os'

import { onPath } from '../servers/run.mjs'

const MINIMUM_NODE = 18

const tools = [
  {
    names: ['cargo'],
    what: 'Rust 1.88 or newer, which builds the addon',
    how: 'install it from https://rustup.rs',
  },
  {
    names: ['cc', 'gcc', 'clang'],
    what: 'a C compiler, which Rust links with',
    how: 'install gcc (Debian: build-essential) or the Xcode command line tools',
    on: (platform) => platform !== 'win32',
  },
  {
    names: ['python3', 'python'],
    what: 'Python 3, which fetches the local servers',
    how: 'install it from your system or from https://www.python.org',
  },
]

/** Throws one error that names everything that is missing and how to get it. */
export function checkTools() {
  addRustToPath()
  const missing = tools
    .filter(({ on }) => !on || on(process.platform))
    .filter(({ names }) => onPath(...names.flatMap(executables)) === null)
    .map(({ names, what, how }) => `  ${names[0]}: ${what}; ${how}`)
  const [major] = process.versions.node.split('.').map(Number)
  if (major < MINIMUM_NODE) missing.push(`  node: ${MINIMUM_NODE} or newer; this is ${major}`)
  if (missing.length > 0) throw new Error(`These are needed first:\n${missing.join('\n')}`)
}

/** rustup puts it there, and a shell that was open before doesn't know. */
function addRustToPath() {
  const folder = join(process.env.CARGO_HOME ?? join(homedir(), '.cargo'), 'bin')
  process.env.PATH = [process.env.PATH, folder].filter(Boolean).join(delimiter)
}

const executables = (name) => (process.platform === 'win32' ? [`${name}.exe`, name] : [name])
