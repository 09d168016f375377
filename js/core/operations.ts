import type { Operations } from '../generated/operations'

export type { Operations }

/** Operations that answer with JSON. */
export type Answering = Having<'answer'>

/** Operations that tell records one after the other: of a stream, or messages of a subscription. */
export type Telling = Having<'record'> | Having<'message'>

type Having<Part extends string> = {
  [K in keyof Operations]: Operations[K] extends Record<Part, unknown> ? K : never
}[keyof Operations]

/** What an operation takes besides what selects its connection, and besides what is `Given`. */
export type Input<K extends keyof Operations, Given extends string = never> = Without<
  Operations[K]['input'],
  Given | (Operations[K]['input'] extends OfConnection ? keyof OfConnection : never)
>

/** What selects a connection. */
interface OfConnection {
  scope: string
  connection_id?: string
  identifier?: string
}

// Of each member of a union by itself; a member that is `undefined` is as if it were not there.
type Without<T, Names extends PropertyKey> = T extends unknown
  ? {
      [P in keyof T as Exclude<P, Names>]: Partial<Pick<T, P>> extends Pick<T, P>
        ? T[P] | undefined
        : T[P]
    }
  : never

/** The `data` of an operation's answer. */
export type Answer<K extends Answering> = Operations[K] extends { answer: infer A } ? A : never

/** What an operation tells, one after the other. */
export type Told<K extends Telling> = Operations[K] extends { record: infer R }
  ? R
  : Operations[K] extends { message: infer M }
    ? M
    : never

/** What the client of a subscription may say. */
export type Said<K extends Having<'request'>> = Operations[K]['request']
