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
  /** Id of the user; required where `MULTIDB_AUTHORIZATION` is `members`. */
  user?: string
}

/** The selector as an operation's input. */
export function toInput(selector: Selector): Record<string, unknown> {
  return typeof selector === 'string' ? { scope: selector } : { ...selector }
}
