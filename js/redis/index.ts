export * from './bulk'
export * from './database'
export type * from './transfer'
