export * from './command'
