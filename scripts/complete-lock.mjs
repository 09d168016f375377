// `node scripts/complete-lock.mjs [folder…]`, after a change of dependencies.
//
// npm leaves an optional dependency out of the lockfile when the registry in use does not offer
// it, as mirrors do with binaries for other platforms. `npm ci` then finds the lockfile
// incomplete. This adds an entry for each: the version that its parent asks for, and the platform
// that its name says.

import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

const systems = ['android', 'darwin', 'freebsd', 'linux', 'openharmony', 'win32']
const processors = ['arm64', 'arm', 'ia32', 'loong64', 'ppc64', 'riscv64', 's390x', 'wasm32', 'x64']

for (const folder of process.argv.slice(2).length > 0 ? process.argv.slice(2) : ['.', 'studio']) {
  const file = join(folder, 'package-lock.json')
  const lock = JSON.parse(await readFile(file, 'utf8'))
  const added = complete(lock.packages)
  if (added.length > 0) await writeFile(file, `${JSON.stringify(lock, null, 2)}\n`)
  process.stdout.write(`${file}: ${added.length} added\n`)
}

function complete(packages) {
  const added = []
  for (const [path, parent] of Object.entries(packages)) {
    for (const [name, range] of Object.entries(parent.optionalDependencies ?? {})) {
      if (isLocked(packages, path, name)) continue
      const at = `node_modules/${name}`
      const kind = parent.dev ? { dev: true } : {}
      packages[at] = {
        version: range.replace(/^[^\d]*/, ''),
        ...platform(name),
        ...kind,
        optional: true,
      }
      added.push(at)
    }
  }
  sortKeys(packages)
  return added
}

/** As Node looks for a package: in its user's folder, then outwards. */
function isLocked(packages, path, name) {
  for (let at = path; ; at = at.slice(0, Math.max(0, at.lastIndexOf('/node_modules/')))) {
    if (packages[`${at ? `${at}/` : ''}node_modules/${name}`]) return true
    if (!at.includes('/node_modules/') && at !== '')
      return Boolean(packages[`node_modules/${name}`])
    if (at === '') return false
  }
}

function platform(name) {
  const parts = name.split(/[-/]/)
  const os = systems.find((system) => parts.includes(system))
  const cpu = processors.find((processor) => parts.includes(processor))
  const libc = parts.includes('musl') ? ['musl'] : parts.includes('gnu') ? ['glibc'] : undefined
  return {
    ...(cpu && { cpu: [cpu] }),
    ...(os && { os: [os] }),
    ...(libc && { libc }),
  }
}

function sortKeys(packages) {
  const entries = Object.entries(packages).sort(([a], [b]) => (a < b ? -1 : 1))
  for (const [key] of entries) delete packages[key]
  Object.assign(packages, Object.fromEntries(entries))
}
