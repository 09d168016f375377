import type { CallOptions } from '../core/binding'
import { Client } from '../core/client'
import type { Input } from '../core/operations'

/** The registry of connections. Made by `manager.databases()`. */
export class Databases extends Client {
  /** A page of connections, without their secrets. */
  list(options: Input<'registry.databases.list'> = {}, call?: CallOptions) {
    return this.binding.call('registry.databases.list', options, call)
  }

  /**
   * Registers a connection, once it was tried; one that does not work is refused with the steps of the
   * test in the error's `details`. With `skip_test` it is saved untried, as `INACTIVE`.
   */
  create(connection: Input<'registry.databases.create'>, call?: CallOptions) {
    return this.binding.call('registry.databases.create', connection, call)
  }

  /** One connection. */
  get(id: string, call?: CallOptions) {
    return this.binding.call('registry.databases.get', { id }, call)
  }

  /** Changes a connection. A new address, user, TLS or authentication needs the password again. */
  update(id: string, changes: Input<'registry.databases.update', 'id'>, call?: CallOptions) {
    return this.binding.call('registry.databases.update', { ...changes, id }, call)
  }

  /** Removes a connection, and closes what is open to it. */
  delete(id: string, call?: CallOptions) {
    return this.binding.call('registry.databases.delete', { id }, call)
  }

  /** Tries a registered connection, step by step. One that does not work is an answer, no error. */
  test(id: string, call?: CallOptions) {
    return this.binding.call('registry.databases.test', { id }, call)
  }

  /** Tries a target that is not saved. */
  testTarget(target: Input<'registry.databases.test_unsaved'>, call?: CallOptions) {
    return this.binding.call('registry.databases.test_unsaved', target, call)
  }
}
