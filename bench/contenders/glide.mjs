import { Batch, GlideClient } from '@valkey/valkey-glide'

export async function open(servers) {
  const { hostname, port } = new URL(servers.redis)
  const client = await GlideClient.createClient({
    addresses: [{ host: hostname, port: Number(port) }],
  })
  let next = 0
  return {
    rows: {
      get: () => client.get(`bench:${next++ % 1000}`),
      set: () => client.set(`bench:${next++ % 1000}`, 'a new value'),
      page: async () => {
        const [cursor, keys] = await client.scan('0', { count: 100 })
        const batch = new Batch(false)
        for (const key of keys) batch.type(key).ttl(key).customCommand(['MEMORY', 'USAGE', key])
        const replies = await client.exec(batch, true)
        const listed = keys.map((key, i) => ({
          key,
          type: replies[3 * i],
          ttl: replies[3 * i + 1],
          size: replies[3 * i + 2],
        }))
        return Buffer.from(JSON.stringify({ data: { keys: listed, cursor } }))
      },
    },
    close: async () => client.close(),
  }
}
