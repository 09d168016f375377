import { createClient } from 'redis'

export async function open(servers) {
  const client = await createClient({ url: servers.redis }).connect()
  let next = 0
  return {
    rows: {
      get: () => client.get(`bench:${next++ % 1000}`),
      set: () => client.set(`bench:${next++ % 1000}`, 'a new value'),
      page: async () => {
        const { cursor, keys } = await client.scan('0', { COUNT: 100 })
        // Commands of one tick go out as one pipeline.
        const listed = keys.map(async (key) => {
          const [type, ttl, size] = await Promise.all([
            client.type(key),
            client.ttl(key),
            client.memoryUsage(key),
          ])
          return { key, type, ttl, size }
        })
        return Buffer.from(JSON.stringify({ data: { keys: await Promise.all(listed), cursor } }))
      },
    },
    close: async () => client.destroy(),
  }
}
