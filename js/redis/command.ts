import type { RedisInteger, RedisText } from './values'

/** A word of a command. Numbers are sent as their text. */
export type RedisArgument = RedisText | number | bigint

/**
 * A reply that says of which kind each part was. Strings, integers, booleans, null and arrays are
 * themselves; an object has one member, whose name says what it is.
 */
export type RedisReply =
  | RedisText
  | RedisInteger
  | boolean
  | null
  | RedisReply[]
  /** A simple string: `OK`. */
  | { $status: string }
  /** A floating point number as Redis spells it: `1.5`, `inf`, `-inf`, `nan`. */
  | { $double: string }
  | { $bigNumber: string }
  | { $verbatim: { format: string; text: string } }
  | { $set: RedisReply[] }
  /** In the server's order; names need not be text. */
  | { $map: Array<[RedisReply, RedisReply]> }
  /** An error that is a part of the reply. */
  | { $error: { code: string; message: string } }
  | { $attribute: { attributes: Array<[RedisReply, RedisReply]>; value: RedisReply } }

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

/** A node of a cluster. */
export interface RedisNode {
  /** 40 hexadecimal digits. */
  id: string
  host: string
  port: number
  role: 'master' | 'slave'
  /** Id of its primary, for a replica. */
  primary?: string
}

/**
 * What a command answered. A script that outlasts its deadline goes on on the server: the error's
 * `details.end_with` then names the command that ends it, and `details.node` where.
 */
export interface CommandResult {
  /** Its name as the table of commands has it: `CONFIG GET`. */
  command: string
  /** The permission that it needed. */
  access: 'read' | 'write' | 'admin'
  /** Milliseconds that it took. */
  ms: number
  reply: RedisReply
  /** In a cluster, the slot of its keys. */
  slot?: number
  /** In a cluster, the node that a command without keys ran on. */
  node?: RedisNode
}

/** @internal A line or words as an operation's input. */
export function toCommand(command: string | readonly RedisArgument[]): object {
  if (typeof command === 'string') return { line: command }
  return { args: command.map((word) => (typeof word === 'object' ? word : String(word))) }
}

/** @internal As an operation's input; a `confirm` that is named counts, `undefined` too. */
export function toOptions({ plain: _, ...options }: CommandOptions & { plain?: boolean }): object {
  return { ...options, confirm: 'confirm' in options ? options.confirm === true : true }
}
