import Redis from 'ioredis'

export async function open(servers) {
  const batched = new Redis(servers.redis, { enableAutoPipelining: true })
  const plain = new Redis(servers.redis)
  let next = 0
  return {
    rows: {
      get: () => batched.get(`bench:${next++ % 1000}`),
      set: () => batched.set(`bench:${next++ % 1000}`, 'a new value'),
      getAlone: () => plain.get(`bench:${next++ % 1000}`),
      page: async () => {
        const [cursor, keys] = await plain.scan('0', 'COUNT', 100)
        const pipeline = plain.pipeline()
        for (const key of keys) pipeline.type(key).ttl(key).memory('USAGE', key)
        const replies = await pipeline.exec()
        const listed = keys.map((key, i) => ({
          key,
          type: replies[3 * i][1],
          ttl: replies[3 * i + 1][1],
          size: replies[3 * i + 2][1],
        }))
        return Buffer.from(JSON.stringify({ data: { keys: listed, cursor } }))
      },
    },
    close: async () => {
      batched.disconnect()
      plain.disconnect()
    },
  }
}
