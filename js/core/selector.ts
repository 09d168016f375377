import { QueryError } from './errors'

/**
 * Which connection: its id, or a project `ref` and, where the project has several of the type, the
 * connection's id or name.
 */
export type Selector =
  | string
  | {
      /** A project `ref`, or a connection's id. */
      scope: string
      /** Id of the connection. */
      connection_id?: string
      /** Name of the connection. */
      identifier?: string
    }

/** Who a client acts for. */
export interface ClientOptions {
  /**
   * Id of the user; required where `MULTIDB_AUTHORIZATION` is `members`. A blank one and `null` are
   * nobody's. Without it the client is the server's own.
   */
  user?: string | null
}

/** The user that a client acts for: blank for nobody, `undefined` for the server's own code. */
export function userIn(options: ClientOptions): string | undefined {
  if (typeof options !== 'object' || options === null) {
    throw invalid(`the options of a client are an object, not a ${typeof options}`)
  }
  const { user } = options
  if (!isUser(user)) throw strangeUser(user)
  return user === null ? '' : user
}

export function isUser(user: unknown): user is string | null | undefined {
  return user === undefined || user === null || typeof user === 'string'
}

/** What is no id must not pass as nobody, and the runtime would say so in words of its own. */
export function strangeUser(user: unknown): QueryError {
  return invalid(`\`user\` must be the id of the authenticated user as text, not a ${typeof user}`)
}

function invalid(message: string): QueryError {
  return new QueryError(message, undefined, { code: 'VALIDATION_ERROR', statusCode: 400 })
}

/** The selector as an operation's input. */
export function toInput(selector: string | object): object {
  return typeof selector === 'string' ? { scope: selector } : selector
}
