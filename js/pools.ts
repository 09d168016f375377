/** How one connection's client of this process is doing. */
export interface PoolStatistics {
  /** `{project_id}:{type}:{connection_id}`. */
  key: string
  connection_id: string
  /** Version of the connection that it was made for. */
  version: number
  state: 'ready' | 'connecting' | 'empty'
  /** Connections to the server: open, and working on a request. */
  open: number
  in_use: number
  /** Requests that wait for one. */
  waiting: number
  /** Requests that hold the client. */
  leases: number
  /** Milliseconds since it was last used; `null` while it is in use. */
  idle_ms: number | null
  /** Milliseconds since it was made. */
  age_ms: number
  /** Whether callers are refused because the server keeps failing. */
  circuit_open: boolean
  /** The last failure, until the next success. */
  last_error: string | null
}
