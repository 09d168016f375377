import { ConflictError } from '../errors'

/** In which state documents were that this client has handed out. */
const etags = new WeakMap<object, string>()

/** Remembers the state in which a document was read. */
export function remember(document: unknown, etag: string | null | undefined): void {
  if (etag && typeof document === 'object' && document !== null) etags.set(document, etag)
}

/** What a change says of the state that its caller saw. */
interface Guard {
  if_unchanged?: object | string
  if_match?: string
}

/**
 * Makes a change that depends on `if_unchanged`. An object has lost the order of names like `10`, which
 * JavaScript puts first, and, where it is not canonical, types of numbers. So one that was read here is
 * told by its etag. Of any other, a conflict with what is the same to JavaScript is none, and the change
 * is made to the state that the conflict told of.
 */
export async function guarded<I extends Guard, T>(
  input: I,
  change: (input: Omit<I, 'if_unchanged'> & Guard) => Promise<T>
): Promise<T> {
  const { if_unchanged: seen, ...rest } = input
  if (typeof seen !== 'object' || rest.if_match !== undefined) return change(input)
  const etag = etags.get(seen)
  if (etag !== undefined) return change({ ...rest, if_match: etag })
  try {
    return await change(input)
  } catch (error) {
    const current = sameAs(seen, error)
    if (current === undefined) throw error
    return change({ ...rest, if_match: current })
  }
}

/** The etag of the document that a conflict tells of, if JavaScript can't tell that from `seen`. */
function sameAs(seen: object, error: unknown): string | undefined {
  if (!(error instanceof ConflictError)) return undefined
  const { current, etag } = error.details
  const parsed: unknown = typeof current === 'string' ? JSON.parse(current) : current
  return typeof etag === 'string' && JSON.stringify(parsed) === JSON.stringify(seen)
    ? etag
    : undefined
}
