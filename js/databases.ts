import { type Binding, type CallOptions, invoke } from './invoke'
import type {
  ConnectionTestResult,
  CreateConnectionRequest,
  DatabaseConnection,
  DatabaseType,
  UpdateConnectionRequest,
} from './types'

/** Which connections to list. */
export interface ListDatabasesOptions {
  projectRef?: string
  type?: DatabaseType
  status?: string
  /** At most 1000. */
  limit?: number
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

  /** Registers a connection, once it was tried. */
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

  /** Changes a connection. */
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

  /** Tries a registered connection, step by step. */
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
