export * from './aggregations'
export * from './analysis'
export * from './database'
export * from './reading'
