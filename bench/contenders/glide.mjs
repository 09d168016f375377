import { GlideClient } from '@valkey/valkey-glide'

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
    },
    close: async () => client.close(),
  }
}
