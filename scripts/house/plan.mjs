// The plan of `src/`: which file imports which, seen through re-exports.

import { readdir, readFile } from 'node:fs/promises'
import { join, relative } from 'node:path'

import { read } from './source.mjs'

/** @returns the files of `folder`, as a map of their path to what they say and import */
export async function drawPlan(folder) {
  const names = (await readdir(folder, { recursive: true })).filter((name) => name.endsWith('.rs'))
  const sources = await Promise.all(
    names.map(async (name) => [relative('', name), await readFile(join(folder, name), 'utf8')])
  )
  return planOf(new Map(sources))
}

/** As `drawPlan`, of sources by their path. */
export function planOf(sources) {
  const files = new Map()
  const byModule = new Map()
  for (const [path, source] of sources) {
    files.set(path, { ...read(source), imports: new Set() })
    byModule.set(moduleOf(path), path)
  }
  // Files that only tests declare belong to no plan.
  for (const path of testsAlone(files, byModule)) {
    byModule.delete(moduleOf(path))
    files.delete(path)
  }
  for (const [path, file] of files) {
    for (const named of file.paths) {
      const home = homeOf(fromTheRoot(named, moduleOf(path), file), files, byModule)
      if (home !== undefined && home !== path) file.imports.add(home)
    }
  }
  return files
}

/** `a/b.rs` and `a/b/mod.rs` are both the module `a::b`. */
function moduleOf(path) {
  const name = path.replace(/\.rs$/, '').replace(/(^|\/)mod$/, '')
  return name === 'lib' ? '' : name.replaceAll('/', '::')
}

function testsAlone(files, byModule) {
  const declared = new Set([''])
  const visit = (module) => {
    const file = files.get(byModule.get(module))
    for (const name of file?.modules ?? []) {
      const child = module ? `${module}::${name}` : name
      declared.add(child)
      visit(child)
    }
  }
  visit('')
  return [...files.keys()].filter((path) => !declared.has(moduleOf(path)))
}

/** A path from the crate's root; `undefined` for another crate's. */
function fromTheRoot([first, ...rest], module, file) {
  const own = module === '' ? [] : module.split('::')
  if (first === 'crate') return rest
  if (first === 'self') return [...own, ...rest]
  if (first !== 'super') return file.modules.includes(first) ? [...own, first, ...rest] : undefined
  const further = rest.findIndex((name) => name !== 'super')
  const names = further === -1 ? [] : rest.slice(further)
  return [...own.slice(0, own.length - 1 - (rest.length - names.length)), ...names]
}

/** The file that declares what a path names. */
function homeOf(path, files, byModule, seen = new Set()) {
  if (path === undefined) return undefined
  let length = path.length
  while (length > 0 && !byModule.has(path.slice(0, length).join('::'))) length--
  const module = path.slice(0, length).join('::')
  const home = byModule.get(module)
  const [item, ...more] = path.slice(length)
  const handed = files.get(home)?.handedOn.get(item)
  const step = `${home} ${item}`
  if (!handed || seen.has(step)) return home
  seen.add(step)
  const onwards = fromTheRoot(handed, module, files.get(home))
  return homeOf(onwards && [...onwards, ...more], files, byModule, seen) ?? home
}

/** The circles of a plan, largest first: files that import each other, if by way of others. */
export function circlesOf(files) {
  const [order, low, stack, on, found] = [new Map(), new Map(), [], new Set(), []]
  const visit = (path) => {
    order.set(path, order.size)
    low.set(path, order.get(path))
    stack.push(path)
    on.add(path)
    for (const next of files.get(path).imports) {
      if (!files.has(next)) continue
      if (!order.has(next)) visit(next)
      if (on.has(next)) low.set(path, Math.min(low.get(path), low.get(next)))
    }
    if (low.get(path) !== order.get(path)) return
    const circle = stack.splice(stack.indexOf(path))
    for (const member of circle) on.delete(member)
    if (circle.length > 1) found.push(circle.sort())
  }
  for (const path of files.keys()) if (!order.has(path)) visit(path)
  return found.sort((a, b) => b.length - a.length)
}
