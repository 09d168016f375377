import type { CallOptions } from '../../core/binding'
import { Client } from '../../core/client'
import type { Answer, Input } from '../../core/operations'

type Explain = Input<'mongodb.explain'>
type Only<K extends keyof Explain> = { [P in K]: NonNullable<Explain[P]> }

/** An operation to explain: exactly one. */
export type Explained =
  | Only<'find'>
  | Only<'aggregate'>
  | Only<'count'>
  | Only<'distinct'>
  | Only<'update'>
  | Only<'delete'>

/** What is in a collection and how it is found. `mongo.analysis`. */
export class Analysis extends Client {
  /** How many documents match a filter. */
  count(
    db: string,
    coll: string,
    options: Input<'mongodb.count', 'db' | 'coll'> = {},
    call?: CallOptions
  ) {
    return this.binding.call('mongodb.count', { ...options, db, coll }, call)
  }

  /** The different values of a field; the elements of arrays count by themselves. */
  async distinct<T = unknown>(
    db: string,
    coll: string,
    key: string,
    options: Input<'mongodb.distinct', 'db' | 'coll' | 'key'> = {},
    call?: CallOptions
  ) {
    const found = await this.binding.call('mongodb.distinct', { ...options, db, coll, key }, call)
    return found as Omit<Answer<'mongodb.distinct'>, 'values'> & { values: T[] }
  }

  /** What documents look like, learned from a sample. */
  schema(
    db: string,
    coll: string,
    options: Input<'mongodb.schema', 'db' | 'coll'> = {},
    call?: CallOptions
  ) {
    return this.binding.call('mongodb.schema', { ...options, db, coll }, call)
  }

  /** The same with its progress; the last record has the schema. */
  watchSchema(
    db: string,
    coll: string,
    options: Input<'mongodb.schema', 'db' | 'coll'> = {},
    call?: CallOptions
  ) {
    return this.binding.records('mongodb.schema', { ...options, db, coll }, call)
  }

  /** How the server finds what an operation asks for, as one tree with warnings. */
  explain(
    db: string,
    coll: string,
    operation: Explained,
    options: Pick<Explain, 'verbosity' | 'options' | 'raw'> = {},
    call?: CallOptions
  ) {
    return this.binding.call('mongodb.explain', { ...operation, ...options, db, coll }, call)
  }
}
