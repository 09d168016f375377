import type { Binding, CallOptions } from '../../core/binding'
import type { Input, Told } from '../../core/operations'

/** How to watch, and from when. */
export type WatchOptions = Input<'mongodb.watch', 'db' | 'coll'>

/** What a watcher is told. */
export type WatchMessage = Told<'mongodb.watch'>

/** @internal */
export function watch(
  binding: Binding,
  db: string | undefined,
  coll: string | undefined,
  options: WatchOptions,
  call?: CallOptions
): AsyncGenerator<WatchMessage> {
  if (db === undefined) return binding.records('mongodb.watch.cluster', options, call)
  if (coll === undefined) return binding.records('mongodb.watch.database', { ...options, db }, call)
  return binding.records('mongodb.watch', { ...options, db, coll }, call)
}
