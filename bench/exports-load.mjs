// The process of row 9: fills a collection or a database, and takes an export of it as fast as it comes.

import { createRequire } from 'node:module'

import { answer, newManager, servers } from './child.mjs'

const require = createRequire(import.meta.url)
const { bytesOf } = require('../dist/index.js')

const CHUNK = 10_000
const SAMPLE_EVERY_MS = 20

const urls = servers()
const manager = newManager(urls, { requestTimeoutMs: 600_000 })
const { scope } = urls
const mongo = manager.mongodb(scope.mongodb)

const kinds = {
  documents: {
    path: `/mongodb/${scope.mongodb}/databases/bench/collections/many/export`,
    async fill(records) {
      await drain(mongo.transfer.import('bench', 'many', lines(records)))
    },
  },
  keys: {
    path: `/redis/${scope.redis}/export`,
    query: 'pattern=many:*',
    async fill(records) {
      const redis = manager.redis(scope.redis)
      for (let from = 0; from < records; from += 1000) {
        const keys = Array.from({ length: Math.min(1000, records - from) }, (_, n) => from + n)
        await Promise.all(keys.map((n) => redis.set(`many:${n}`, `the value of key number ${n}`)))
      }
    },
  },
}

function* lines(records) {
  for (let from = 0; from < records; from += CHUNK) {
    let text = ''
    for (let n = from; n < Math.min(from + CHUNK, records); n++) {
      text += `{"_id":${n},"name":"Person ${n}","age":${n % 90},"tags":["a","b"]}\n`
    }
    yield text
  }
}

async function drain(stream) {
  let count = 0
  for await (const piece of stream) count += piece.length ?? 1
  return count
}

async function take({ path, query = '' }) {
  const started = performance.now()
  const answer = await manager.handle({
    method: 'GET',
    path: `/api/platform${path}`,
    query,
    headers: {},
  })
  if (!answer.stream) throw new Error(answer.body.toString())
  let firstByteMs
  let bytes = 0
  for await (const chunk of bytesOf(answer.stream)) {
    firstByteMs ??= performance.now() - started
    bytes += chunk.length
  }
  return { firstByteMs, bytes, seconds: (performance.now() - started) / 1000 }
}

const rss = () => process.memoryUsage.rss() / 2 ** 20

async function run({ what, records }) {
  const kind = kinds[what]
  await kind.fill(records)
  globalThis.gc?.()
  const idle = rss()
  let most = idle
  const sampling = setInterval(() => (most = Math.max(most, rss())), SAMPLE_EVERY_MS)
  try {
    const taken = await take(kind)
    return { ...taken, mib: most - idle, idle }
  } finally {
    clearInterval(sampling)
  }
}

answer(run, () => manager.shutdown(1000))
