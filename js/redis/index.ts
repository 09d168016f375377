export type * from './command'
export * from './database'
