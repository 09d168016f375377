export * from './aggregations'
export * from './analysis'
export * from './collections'
export * from './database'
export * from './databases'
export * from './indexes'
export * from './documents'
export * from './reading'
export * from './transfer'
export {
  type ChangeEvent,
  type ResumeToken,
  type ServerTime,
  type WatchMessage,
  type WatchOptions,
} from './watch'
