export * from './bulk'
export type * from './command'
export * from './database'
export * from './pubsub'
