export * from './bulk'
export * from './database'
