// The lists of deny.toml, checked against what cargo would build: for where cargo-deny itself is
// not installed.

import { readFile } from 'node:fs/promises'
import { join } from 'node:path'

import { command, root } from '../steps/command.mjs'

const CRATES_IO = 'registry+https://github.com/rust-lang/crates.io-index'

/** Throws an error that names every crate that breaks a rule. */
export async function checkCrateLists() {
  const rules = parseRules(await readFile(join(root, 'deny.toml'), 'utf8'))
  const args = ['metadata', '--format-version', '1', '--locked']
  const { packages, resolve, workspace_members: own } = JSON.parse(jsonLine(await cargo(args)))
  const built = new Set(resolve.nodes.map(({ id }) => id))
  const problems = packages
    .filter(({ id }) => built.has(id) && !own.includes(id))
    .flatMap((crate) => [...problemsOf(crate, rules)])
  if (problems.length > 0) throw new Error(problems.join('\n'))
}

const cargo = (args) => command('cargo', args, { quiet: true })

/** Cargo may say more than the JSON. */
const jsonLine = (output) => output.split('\n').find((line) => line.startsWith('{"packages"'))

function* problemsOf({ name, version, license, source }, { allowed, banned }) {
  const crate = `${name} ${version}`
  if (banned.has(name)) yield `${crate} is banned: ${banned.get(name)}`
  if (source !== CRATES_IO) yield `${crate} comes from ${source ?? 'a folder'}`
  if (!license) yield `${crate} names no licence`
  else if (!isAllowed(license, allowed)) yield `${crate} has the licence ${license}`
}

/** The two lists that are read, out of the TOML. */
function parseRules(toml) {
  const list = (name) => toml.match(new RegExp(`^${name} = \\[([^]*?)^\\]`, 'm'))[1]
  const bans = list('deny').matchAll(/crate = "([^"]+)", reason = "([^"]+)"/g)
  return {
    allowed: new Set([...list('allow').matchAll(/"([^"]+)"/g)].map(([, id]) => id)),
    banned: new Map([...bans].map(([, name, reason]) => [name, reason])),
  }
}

/**
 * Whether an SPDX expression can be met with the allowed licences. `/` is an older way to write
 * OR; AND binds more tightly than OR.
 */
export function isAllowed(expression, allowed) {
  const tokens = expression.replaceAll('/', ' OR ').match(/\(|\)|[^\s()]+/g)
  let at = 0
  const either = () => {
    let met = both()
    while (tokens[at] === 'OR') {
      at++
      met = both() || met
    }
    return met
  }
  const both = () => {
    let met = one()
    while (tokens[at] === 'AND') {
      at++
      met = one() && met
    }
    return met
  }
  const one = () => {
    if (tokens[at] === '(') {
      at++
      const met = either()
      at++
      return met
    }
    let id = tokens[at++]
    if (tokens[at] === 'WITH') id += ` WITH ${tokens[(at += 2) - 1]}`
    return allowed.has(id)
  }
  return either()
}
