export * from './database'
