import { ConflictError, QueryError } from '../../core/errors'

/** In which state documents were that this client has handed out. */
const etags = new WeakMap<object, string>()

/** Remembers the state in which a document was read. */
export function remember(document: unknown, etag: string | null | undefined): void {
  if (etag && typeof document === 'object' && document !== null) etags.set(document, etag)
}

/** What a change says of the state that its caller saw. */
interface Guard {
  if_unchanged?: Record<string, unknown> | string | null | undefined
  if_match?: string | null | undefined
}

/** A document as relaxed Extended JSON shows it. */
interface Shown {
  document: unknown
  etag: string | null
}

/**
 * Makes a change that depends on `if_unchanged`. An object that was read here is told by its etag: names
 * like `10`, which JavaScript puts first, have lost their place in it, and types of numbers are gone where
 * it is not canonical. Any other object is sent as it is, and refused if its order can't be known. Where
 * that conflicts only because it is not canonical, the change is made to what `read` shows to be the same.
 */
export async function guarded<I extends Guard, T>(
  input: I,
  change: (input: Omit<I, 'if_unchanged'> & Guard) => Promise<T>,
  read: () => Promise<Shown>
): Promise<T> {
  const { if_unchanged: seen, ...rest } = input
  if (typeof seen !== 'object' || seen === null || (rest.if_match ?? null) !== null)
    return change(input)
  const etag = etags.get(seen)
  if (etag !== undefined) return change({ ...rest, if_match: etag })
  const moved = movedName(seen)
  if (moved !== undefined) throw reordered(moved)
  try {
    return await change(input)
  } catch (error) {
    if (!(error instanceof ConflictError)) throw error
    const now = await read().catch(() => undefined)
    if (!now?.etag || now.etag !== error.details.etag || !looksLike(now.document, seen)) throw error
    return change({ ...rest, if_match: now.etag })
  }
}

function reordered(name: string): QueryError {
  const message =
    `\`if_unchanged\` has the field ${JSON.stringify(name)}, which JavaScript moves to the front, so its ` +
    'order is not what was read; give the object that was read, its text (`as: "text"`), or `if_match`'
  return new QueryError(message, {}, { code: 'VALIDATION_ERROR' })
}

/** Whether two documents are the same as relaxed Extended JSON, which has no two spellings of a value. */
function looksLike(document: unknown, seen: object): boolean {
  const text = JSON.stringify(document)
  // It stands for any bytes that are no text.
  return text === JSON.stringify(seen) && !text.includes('\ufffd')
}

/** A name that JavaScript may have moved: one like `10` beside others. */
function movedName(value: unknown): string | undefined {
  const left = [value]
  while (left.length > 0) {
    const next = left.pop()
    if (typeof next !== 'object' || next === null || 'toJSON' in next) continue
    const names = Object.keys(next)
    if (!Array.isArray(next) && names.length > 1 && isIndex(names[0]!)) return names[0]
    for (const inner of Object.values(next)) left.push(inner)
  }
  return undefined
}

/** Whether an object's names are ordered by this one's number: up to 2^32 - 2. */
function isIndex(name: string): boolean {
  return /^(0|[1-9]\d{0,9})$/.test(name) && Number(name) < 2 ** 32 - 1
}
