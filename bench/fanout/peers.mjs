// The same service with a JavaScript driver and `ws`: each message is encoded once and sent to all.

import { WebSocketServer } from 'ws'

const drivers = {
  async ioredis(url, heard) {
    const { default: Redis } = await import('ioredis')
    const subscriber = new Redis(url)
    subscriber.on('message', heard)
    await subscriber.subscribe('news')
    const client = new Redis(url, { enableAutoPipelining: true })
    return (key) => client.get(key)
  },
  async 'node-redis'(url, heard) {
    const { createClient } = await import('redis')
    const subscriber = await createClient({ url }).connect()
    await subscriber.subscribe('news', (message, channel) => heard(channel, message))
    const client = await createClient({ url }).connect()
    return (key) => client.get(key)
  },
  async glide(url, heard) {
    const { GlideClient, GlideClientConfiguration } = await import('@valkey/valkey-glide')
    const { hostname, port } = new URL(url)
    const addresses = [{ host: hostname, port: Number(port) }]
    await GlideClient.createClient({
      addresses,
      pubsubSubscriptions: {
        channelsAndPatterns: {
          [GlideClientConfiguration.PubSubChannelModes.Exact]: new Set(['news']),
        },
        callback: ({ channel, message }) => heard(String(channel), String(message)),
      },
    })
    const client = await GlideClient.createClient({ addresses })
    return (key) => client.get(key)
  },
}

export async function serve(server, { redis }, name) {
  const sockets = new WebSocketServer({ server, path: '/subscribe', perMessageDeflate: false })
  const get = await drivers[name](redis, (channel, data) => {
    const message = JSON.stringify({ type: 'message', channel, data })
    for (const socket of sockets.clients) socket.send(message)
  })
  server.on('request', async (request, response) => {
    const value = await get(new URL(request.url, 'http://bench').searchParams.get('key'))
    response.setHeader('content-type', 'application/json')
    response.end(JSON.stringify({ data: { value } }))
  })
  return { subscribe: '/subscribe', other: '/get?key=bench:1' }
}
