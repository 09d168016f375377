import type { RouteFile } from './routes'

/** Two routes that can't both do what they are for. */
export interface Collision {
  /** The Studio's own file. */
  file: string
  /** Whether the Studio would be worse off than before: then nothing is written. */
  breaks: boolean
  what: string
}

/** The kinds of segments, from the one that Next asks first. */
const KINDS = ['static', 'one', 'rest', 'optional'] as const
type Kind = (typeof KINDS)[number]

/** How the Studio's own routes and those that are to be written get along. */
export function collisions(ours: RouteFile[], theirs: RouteFile[]): Collision[] {
  return theirs.flatMap((their) => {
    if (ours.some((our) => isSameRoute(our)(their))) return []
    const found = ours.flatMap((our) => collide(our, their) ?? [])
    return found.slice(0, 1)
  })
}

/** Of the same router, whatever the files end in: the one that is there is kept. */
export function isSameRoute(our: RouteFile) {
  const path = our.segments.join('/')
  return (their: RouteFile) => their.file.startsWith('pages') && their.segments.join('/') === path
}

function collide(our: RouteFile, their: RouteFile): Collision | undefined {
  const { file } = their
  const breaks = (what: string): Collision => ({ file, breaks: true, what })
  for (const [at, segment] of our.segments.entries()) {
    const other = their.segments[at]
    const kind = kindOf(segment)
    if (other === undefined) return kind === 'optional' ? answersInstead(our, their) : undefined
    const [mine, its] = [nameOf(segment), nameOf(other)]
    const otherKind = kindOf(other)
    if (kind === otherKind) {
      if (mine === its) continue
      if (kind === 'static') return undefined
      return breaks(
        `Next lets a segment have one name, and beside ${our.file} every request would fail; rename ` +
          `${other} to ${segment}, and req.query.${its} to req.query.${mine}, or move the file`
      )
    }
    const restsDiffer = [kind, otherKind].every((one) => one === 'rest' || one === 'optional')
    if (restsDiffer) {
      return breaks(`Next takes no ${other} beside the ${segment} of ${our.file}; move the file`)
    }
    if (KINDS.indexOf(otherKind) < KINDS.indexOf(kind)) {
      return their.segments.length >= shortest(our) ? answersInstead(our, their) : undefined
    }
    if (kind === 'static') return undefined
    return breaks(`${our.file} would answer requests that are this file’s now; move the file`)
  }
  return breaks(`it is the same route as ${our.file}, which Next takes once; remove it, or move it`)
}

function answersInstead(our: RouteFile, their: RouteFile): Collision {
  const path = `/${their.segments.join('/')}`
  const what = `it goes on answering ${path}, and ${our.file} does not; where that one is wanted, move the file`
  return { file: their.file, breaks: false, what }
}

function kindOf(segment: string): Kind {
  if (segment.startsWith('[[...')) return 'optional'
  if (segment.startsWith('[...')) return 'rest'
  return segment.startsWith('[') ? 'one' : 'static'
}

const nameOf = (segment: string) => segment.replace(/^\[+(\.\.\.)?|\]+$/g, '')

/** How many segments a path has at least that a route answers. */
function shortest({ segments }: RouteFile): number {
  return segments.filter((segment) => kindOf(segment) !== 'optional').length
}
