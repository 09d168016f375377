// Fake servers for what a real one can't be made to do.

export { rogueMongo } from './rogue-mongo.mjs'
export { rogueRedis } from './rogue-redis.mjs'
export { sink } from './sink.mjs'
export { unanswered } from './unanswered.mjs'
