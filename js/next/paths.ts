import { ROOTS } from '../generated/operations'

const ROUTES = new RegExp(`^/api/platform/(${ROOTS.join('|')})(?=[/?]|$)`)

/** A request's target, still percent-encoded: an encoded slash belongs to a key. */
export interface Target {
  path: string
  query: string
}

/** Splits what stands in the request line; a proxy may send the whole URL there. */
export function parseTarget(url: string, basePath = ''): Target {
  let target = url.replace(/^[a-z][a-z0-9+.-]*:\/\/[^/?#]*/i, '')
  if (basePath && target.startsWith(`${basePath}/`)) target = target.slice(basePath.length)
  const mark = target.indexOf('?')
  if (mark < 0) return { path: target, query: '' }
  return { path: target.slice(0, mark), query: target.slice(mark + 1) }
}

/** Whether a path is one of this package's. */
export function isOurs(path: string): boolean {
  return ROUTES.test(path)
}
