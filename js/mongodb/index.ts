export * from './aggregations'
export * from './analysis'
export * from './collections'
export * from './database'
export * from './databases'
export type * from './document'
export * from './documents'
export * from './indexes'
export * from './reading'
export * from './server'
export * from './transfer'
export {
  type ChangeEvent,
  type ResumeToken,
  type ServerTime,
  type WatchMessage,
  type WatchOptions,
} from './watch'
