import type { CallOptions } from '../../core/binding'
import { Client } from '../../core/client'
import type { Input } from '../../core/operations'
import type { RedisText } from './values'

/** The keys of a connection. `redis.keys`. */
export class RedisKeys extends Client {
  /** One page of keys with their metadata. */
  list(options: Input<'redis.keys.list'> = {}, call?: CallOptions) {
    return this.binding.call('redis.keys.list', options, call)
  }

  /** Namespaces with counts, as far as the budget goes; `complete` says whether that was everything. */
  tree(options: Input<'redis.tree'> = {}, call?: CallOptions) {
    return this.binding.call('redis.tree', options, call)
  }

  /** The same to the end, told while it is counted. Leaving the loop ends it. */
  watchTree(options: Input<'redis.tree'> = {}, call?: CallOptions) {
    return this.binding.records('redis.tree', options, call)
  }

  /** A value, or a page of it, with type, TTL and size. */
  get(key: RedisText, options: Input<'redis.keys.get', 'key'> = {}, call?: CallOptions) {
    return this.binding.call('redis.keys.get', { ...options, key }, call)
  }

  /** The bytes of a string of any length; fails where its length changes meanwhile. */
  download(key: RedisText, call?: CallOptions) {
    return this.binding.open('redis.keys.download', { key }, call)
  }

  /** Stores a value of any type in place of what was there, in one atomic step. */
  set(key: RedisText, input: Input<'redis.keys.set', 'key'>, call?: CallOptions) {
    return this.binding.call('redis.keys.set', { ...input, key }, call)
  }

  /**
   * Changes a value in place. The key keeps the time that it has left, unless `expiry` says
   * otherwise; one that was deleted meanwhile stays deleted.
   */
  edit(
    key: RedisText,
    edit: Input<'redis.keys.edit'>['edit'],
    expiry: Input<'redis.keys.edit', 'key' | 'edit'> = {},
    call?: CallOptions
  ) {
    return this.binding.call('redis.keys.edit', { ...expiry, edit, key }, call)
  }

  /** Removes a key. */
  delete(key: RedisText, call?: CallOptions) {
    return this.binding.call('redis.keys.delete', { key }, call)
  }

  /** Sets when a key ends; a `ttl` of −1 lets it live on. */
  expire(key: RedisText, expiry: Input<'redis.keys.expire', 'key'>, call?: CallOptions) {
    return this.binding.call('redis.keys.expire', { ...expiry, key }, call)
  }

  /** Renames a key. With `nx: false` a key that has the new name is lost. */
  rename(
    key: RedisText,
    to: RedisText,
    options: Input<'redis.keys.rename', 'key' | 'to'> = {},
    call?: CallOptions
  ) {
    return this.binding.call('redis.keys.rename', { ...options, to, key }, call)
  }

  /** Copies a key, into another `db` of the server if that is given. */
  copy(
    key: RedisText,
    to: RedisText,
    options: Input<'redis.keys.copy', 'key' | 'to'> = {},
    call?: CallOptions
  ) {
    return this.binding.call('redis.keys.copy', { ...options, to, key }, call)
  }

  /** A stream with its consumer groups, in the words of `XINFO`. */
  groups(key: RedisText, call?: CallOptions) {
    return this.binding.call('redis.keys.groups', { key }, call)
  }

  /** The consumers of a group. */
  consumers(key: RedisText, group: RedisText, call?: CallOptions) {
    return this.binding.call('redis.keys.consumers', { key, group }, call)
  }

  /** Entries that were delivered to a group and not acknowledged. */
  pending(
    key: RedisText,
    group: RedisText,
    options: Input<'redis.keys.pending', 'key' | 'group'> = {},
    call?: CallOptions
  ) {
    return this.binding.call('redis.keys.pending', { ...options, key, group }, call)
  }
}
