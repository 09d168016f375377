import { AuthenticationError, DatabaseError } from '../core/errors'

/** Where an id may be, in the users, sessions and claims that Studios pass around. */
const IDS = ['id', 'userId', 'user_id', 'sub']

/** What such an object may be wrapped in. */
const WRAPPERS = ['user', 'claims', 'data']
const DEEPEST = 3

/** Beside an `id`, what users have and projects, rows and requests do not. */
const MARKS = ['email', 'phone', 'aud']

/** What was found without being told where: two ids in it are one too many. */
class Found {
  /** What `req.user` and the third argument hold, where they hold anything. */
  readonly users: unknown[]

  constructor(
    readonly user: unknown,
    readonly argument: unknown
  ) {
    this.users = [argument, user].filter((one) => typeof one !== 'function' && !isNobody(one))
  }

  /**
   * Frameworks pass all sorts of third arguments. One is believed if it says that it is a user, or if
   * `req.user` names the same.
   */
  get isBelieved(): boolean {
    return idsIn(this.user).size > 0 || saysUser(this.argument)
  }
}

/**
 * What the Studio's `apiWrapper` leaves behind: a third argument (newer), or `req.user` (older). Both
 * may be a promise, and frameworks that call `handler(req, res, next)` pass a function. Where both are
 * there, neither is believed against the other.
 */
export async function leftByWrapper(request: object, claims: unknown): Promise<unknown> {
  const [argument, user] = await Promise.all([claims, (request as { user?: unknown }).user])
  return new Found(user, argument)
}

/** The same for callers that can't wait. */
export function leftAlready(request: object, claims: unknown): unknown {
  return new Found((request as { user?: unknown }).user, claims)
}

const FOR_HANDLERS =
  'by the option getUser: createApiHandler(manager, { getUser: (request) => ({ id: request.user.… }) })'

/**
 * Reads the user's id from whatever the Studio calls its user. A user whose id can't be told is no
 * stranger: the first such request says what is wrong and what mends it (`remedy`), to whoever asked
 * and to `onError`.
 */
export function createUserReader(onError: (error: unknown) => void, remedy = FOR_HANDLERS) {
  let told = false
  const tell = (what: string): never => {
    const error = new DatabaseError(`${what} ${remedy}`, 'INTERNAL_ERROR', 500, {
      option: 'getUser',
    })
    if (!told) onError(error)
    told = true
    throw error
  }
  return (answer: unknown): string | undefined => {
    if (isNobody(answer)) return undefined
    const users = answer instanceof Found ? answer.users : [answer]
    if (users.length === 0) return undefined
    if (users.some(isRefusal)) throw unauthenticated()
    // What `getUser` answers is `{ id }`, whatever else it carries along.
    const named = answer instanceof Found ? undefined : asId((answer as { id?: unknown }).id)
    if (named !== undefined) return named
    const ids = new Set(users.flatMap((user) => [...idsIn(user)]))
    const [id] = ids
    if (id !== undefined && ids.size === 1) {
      return answer instanceof Found && !answer.isBelieved ? tell(unsaid(users)) : id
    }
    if (ids.size === 0 && !(answer instanceof Found) && hasNoId(answer)) return undefined
    return tell(unreadable(users, ids.size))
  }
}

/** Nobody is logged in. */
export function isNobody(user: unknown): boolean {
  if (typeof user === 'string') return user.trim() === ''
  return user === null || user === undefined || user === false
}

export function unauthenticated(): DatabaseError {
  return new AuthenticationError('The Studio does not know this session; log in')
}

/** `{ id: null }`: it was looked for where it should be, and there is none. */
function hasNoId(user: unknown): boolean {
  return typeof user === 'object' && user !== null && 'id' in user && isNobody(user.id)
}

/** `{ error }`, an error or a response in place of a user: authentication failed. */
function isRefusal(user: unknown): boolean {
  if (typeof user !== 'object' || user === null) return false
  if (user instanceof Error || (typeof Response === 'function' && user instanceof Response)) {
    return true
  }
  return 'error' in user && Boolean(user.error)
}

/** The ids that a user carries: one, if it is a shape that is known. */
function idsIn(user: unknown, depth = 0): Set<string> {
  const id = asId(user)
  if (id !== undefined) return new Set([id])
  if (typeof user !== 'object' || user === null || Array.isArray(user) || depth === DEEPEST) {
    return new Set()
  }
  const object = user as Record<string, unknown>
  const own = IDS.flatMap((name) => asId(object[name]) ?? [])
  const wrapped = WRAPPERS.flatMap((name) =>
    typeof object[name] === 'object' ? [...idsIn(object[name], depth + 1)] : []
  )
  return new Set([...own, ...wrapped])
}

function asId(value: unknown): string | undefined {
  if (typeof value === 'string') return value.trim() === '' ? undefined : value
  if (typeof value === 'bigint' || Number.isSafeInteger(value)) return String(value)
  return undefined
}

/** Whether this is a user, or the claims of one, and not merely something with an id. */
function saysUser(argument: unknown, depth = 0): boolean {
  if (typeof argument !== 'object' || argument === null || depth === DEEPEST) return false
  const object = argument as Record<string, unknown>
  const has = (names: string[]) => names.some((name) => asId(object[name]) !== undefined)
  if (has(['userId', 'user_id', 'sub']) || (has(['id']) && has(MARKS))) return true
  const within = (name: string) => typeof object[name] === 'object' && idsIn(object[name]).size > 0
  return within('user') || within('claims') || saysUser(object.data, depth + 1)
}

function unsaid(users: unknown[]): string {
  return (
    `The third argument that the Studio passed on has an id${membersOf(users)}, and nothing says that ` +
    'it is the user’s: req.user names nobody. The Studio has to say how the id is read,'
  )
}

function unreadable(users: unknown[], ids: number): string {
  const differ = ids > 1 && users.every((user) => idsIn(user).size < 2)
  const more = differ
    ? 'is another in req.user than in the third argument'
    : 'carries more than one id'
  const what = ids > 1 ? more : 'carries no id that is known here'
  return (
    `The user that the Studio passed on ${what}${membersOf(users)}. You are logged in; the Studio has ` +
    'to say how the id is read,'
  )
}

function membersOf(users: unknown[]): string {
  const objects = users.filter((user): user is object => typeof user === 'object' && user !== null)
  const names = [...new Set(objects.flatMap(Object.keys))].filter(isName)
  return names.length > 0 ? ` (it has ${names.slice(0, 12).join(', ')})` : ''
}

/** A member's name, and nothing that data was made a name of. */
const isName = (name: string) => /^[A-Za-z_]\w{0,40}$/.test(name)
