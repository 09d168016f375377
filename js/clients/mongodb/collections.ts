import type { CallOptions } from '../../core/binding'
import { Client } from '../../core/client'
import type { Answer, Input } from '../../core/operations'
import type { Document, DocumentInput } from './document'

/** The collections and views of a server's databases. */
export class MongoCollections extends Client {
  /** The collections and views of a database, by name. */
  list(db: string, options: Input<'mongodb.collections.list', 'db'> = {}, call?: CallOptions) {
    return this.binding.call('mongodb.collections.list', { ...options, db }, call)
  }

  /** Makes a collection or a view; a conflict if it is there already. */
  create(
    db: string,
    name: string,
    options: Input<'mongodb.collections.create'>['options'] = {},
    call?: CallOptions
  ) {
    return this.binding.call('mongodb.collections.create', { db, name, options }, call)
  }

  /** Removes a collection with everything in it. `confirm` must be its exact name. */
  drop(db: string, coll: string, confirm: string, call?: CallOptions) {
    return this.binding.call('mongodb.collections.drop', { db, coll, confirm }, call)
  }

  /** Renames a collection. With `replace`, the exact new name once more, one that has it is removed. */
  rename(
    db: string,
    coll: string,
    to: string,
    { replace }: { replace?: string } = {},
    call?: CallOptions
  ) {
    const target = replace === undefined ? {} : { drop_target: true, confirm: replace }
    return this.#change({ db, coll, rename: to, ...target }, call)
  }

  /**
   * Changes options. With `ifValid`, a validator that a document does not match is a conflict and is
   * not set.
   */
  modify(
    db: string,
    coll: string,
    options: NonNullable<Input<'mongodb.collections.change'>['options']>,
    { ifValid = false }: { ifValid?: boolean } = {},
    call?: CallOptions
  ) {
    return this.#change({ db, coll, options, if_valid: ifValid }, call)
  }

  /**
   * Gives a collection a fixed size in bytes. Documents that don't fit and all indexes are removed;
   * `confirm` must be its exact name.
   */
  convertToCapped(db: string, coll: string, size: number, confirm: string, call?: CallOptions) {
    return this.#change({ db, coll, convert_to_capped: size, confirm }, call)
  }

  /** Looks for documents that a validator would refuse. */
  async validate<T = Document>(
    db: string,
    coll: string,
    validator: DocumentInput,
    options: Input<'mongodb.collections.validate', 'db' | 'coll' | 'validator'> = {},
    call?: CallOptions
  ) {
    const input = { ...options, db, coll, validator }
    const found = await this.binding.call('mongodb.collections.validate', input, call)
    return found as Omit<Answer<'mongodb.collections.validate'>, 'documents'> & { documents: T[] }
  }

  #change(input: Input<'mongodb.collections.change'>, call?: CallOptions) {
    return this.binding.call('mongodb.collections.change', input, call)
  }
}
