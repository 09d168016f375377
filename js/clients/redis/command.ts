import type { ConsoleReply } from '../../generated/schemas'
import type { Input } from '../../core/operations'
import type { RedisText } from './values'

/** A word of a command. Numbers are sent as their text. */
export type RedisArgument = RedisText | number | bigint

/**
 * A reply that says of which kind each part was. Strings, integers, booleans, null and arrays are
 * themselves; an object has one member, whose name says what it is.
 */
export type RedisReply = ConsoleReply

/** How a command is run. */
export interface CommandOptions {
  /**
   * Whether commands that need admin permission are meant. The server's own code means what it says:
   * unless given, they are. To pass on what a person sent, pass their `confirm` on, whatever it is.
   */
  confirm?: boolean | undefined
  /** In a cluster, where a command without keys goes: a node's id, or `host:port`. */
  node?: string
}

/** @internal A line or words as an operation's input. */
export function toCommand(command: string | readonly RedisArgument[]): Input<'redis.command'> {
  if (typeof command === 'string') return { line: command }
  return { args: command.map((word) => (typeof word === 'object' ? word : String(word))) }
}

/** @internal As an operation's input; a `confirm` that is named counts, `undefined` too. */
export function toOptions({ plain: _, ...options }: CommandOptions & { plain?: boolean }) {
  return { ...options, confirm: 'confirm' in options ? options.confirm === true : true }
}
