import { type Binding, type CallOptions, invoke } from './invoke'
import type {
  ConnectionStatus,
  ConnectionTestResult,
  CreateConnectionRequest,
  DatabaseConnection,
  DatabaseType,
  UpdateConnectionRequest,
} from './types'

/** Which connections to list. */
export interface ListDatabasesOptions {
  /** Of the project with this `ref`; of all that the user has a part in unless given. */
  projectRef?: string
  type?: DatabaseType
  status?: ConnectionStatus
  /** 1 to 1000; default 100. */
  limit?: number
  /** The `cursor` of the page before. */
  cursor?: string
}

/** A page of registered connections. */
export interface DatabasePage {
  databases: DatabaseConnection[]
  /** `null` on the last page. */
  cursor: string | null
}

/** The registry of connections. Made by `manager.databases()`. */
export class Databases {
  readonly #binding: Binding

  /** @internal */
  constructor(binding: Binding) {
    this.#binding = binding
  }

  /** A page of connections, without their secrets. */
  list(options: ListDatabasesOptions = {}, call?: CallOptions): Promise<DatabasePage> {
    return invoke(this.#binding, 'registry.databases.list', options, call)
  }

  /**
   * Registers a connection, once it was tried; one that does not work is refused with the steps of the
   * test in the error's `details`. With `skip_test` it is saved untried, as `INACTIVE`.
   */
  create(
    request: CreateConnectionRequest & { skip_test?: boolean },
    call?: CallOptions
  ): Promise<DatabaseConnection> {
    return invoke(this.#binding, 'registry.databases.create', request, call)
  }

  /** One connection. */
  get(id: string, call?: CallOptions): Promise<DatabaseConnection> {
    return invoke(this.#binding, 'registry.databases.get', { id }, call)
  }

  /** Changes a connection. A new address, user, TLS or authentication needs the password again. */
  update(
    id: string,
    request: UpdateConnectionRequest,
    call?: CallOptions
  ): Promise<DatabaseConnection> {
    return invoke(this.#binding, 'registry.databases.update', { ...request, id }, call)
  }

  /** Removes a connection, and closes what is open to it. */
  delete(id: string, call?: CallOptions): Promise<{ id: string }> {
    return invoke(this.#binding, 'registry.databases.delete', { id }, call)
  }

  /** Tries a registered connection, step by step. One that does not work is an answer, no error. */
  test(id: string, call?: CallOptions): Promise<ConnectionTestResult> {
    return invoke(this.#binding, 'registry.databases.test', { id }, call)
  }

  /** Tries a target that is not saved. */
  testTarget(
    target: Partial<CreateConnectionRequest> & { database_type: DatabaseType },
    call?: CallOptions
  ): Promise<ConnectionTestResult> {
    return invoke(this.#binding, 'registry.databases.test_unsaved', target, call)
  }
}
