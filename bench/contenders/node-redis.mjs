import { createClient } from 'redis'

export async function open(servers) {
  const client = await createClient({ url: servers.redis }).connect()
  let next = 0
  return {
    rows: {
      get: () => client.get(`bench:${next++ % 1000}`),
      set: () => client.set(`bench:${next++ % 1000}`, 'a new value'),
    },
    close: async () => client.destroy(),
  }
}
