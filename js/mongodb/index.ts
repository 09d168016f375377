export * from './aggregations'
export * from './database'
