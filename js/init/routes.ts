import { existsSync, readdirSync, statSync } from 'node:fs'
import { join, relative } from 'node:path'
import { ENDINGS } from './source'

/** A file that answers requests, and the segments of the path that it answers. */
export interface RouteFile {
  file: string
  segments: string[]
}

/** Where Next looks for pages: `src/` counts only while there are none beside it. */
export function homeOf(studio: string): string {
  const has = (folder: string) =>
    ['pages', 'app'].some((name) => existsSync(join(studio, folder, name)))
  return !has('') && has('src') ? 'src' : ''
}

/** Every file below a folder, by its path from `root`. */
export function walk(folder: string, root: string): string[] {
  return readdirSync(folder).flatMap((name) => {
    const path = join(folder, name)
    return statSync(path).isDirectory() ? walk(path, root) : [relative(root, path)]
  })
}

/** The routes below `/api/platform` that the Studio has, of either router. */
export function routesOf(home: string): RouteFile[] {
  return ['pages', 'app'].flatMap((router) => {
    const folder = join(home, router, 'api')
    if (!existsSync(folder)) return []
    return walk(folder, home).flatMap((file) => routeOf(file) ?? [])
  })
}

/** `pages/api/a/[b]/index.ts` as `api`, `a`, `[b]`; nothing for what is no route. */
export function routeOf(file: string): RouteFile | undefined {
  const stem = withoutEnding(file)
  if (stem === undefined) return undefined
  const [router, ...segments] = stem.split(/[\\/]/)
  const last = segments.pop()
  if (router === 'app') {
    if (last !== 'route' && last !== 'page') return undefined
    // Groups and slots are no part of a path.
    return { file, segments: segments.filter((segment) => !/^\(.*\)$|^@/.test(segment)) }
  }
  return { file, segments: last === 'index' || last === undefined ? segments : [...segments, last] }
}

/** The path of a source file without what it ends in. */
export function withoutEnding(file: string): string | undefined {
  const ending = ENDINGS.find((end) => file.endsWith(end))
  if (ending === undefined || /\.d\.\w+$|\.(test|spec)\.\w+$/.test(file)) return undefined
  return file.slice(0, -ending.length)
}
