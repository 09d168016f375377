// `NODE_ENV=production node server.mjs`, after `next build`: the package's routes in front of Next,
// on the same port. A request to the API then costs a small part of what an API route costs.

import { createServer } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import next from 'next'
import { ConnectionManager } from 'studio-multidb'
import { attachWebSocket, createApiHandler } from 'studio-multidb/next'

if (process.env.NEXT_PUBLIC_IS_PLATFORM === 'true') {
  // `apiWrapper` is behind this handler, so it authenticates nobody: on the platform, `getUser`
  // below has to, by the same token.
  throw new Error('server.mjs is for a self-hosted Studio: it knows no users')
}

const port = Number(process.env.PORT ?? 3000)
const hostname = process.env.HOSTNAME ?? 'localhost'

const app = next({ dev: process.env.NODE_ENV !== 'production', hostname, port })
await app.prepare()

const manager = new ConnectionManager()
const getUser = () => null
const handler = createApiHandler(manager, { getUser, fallthrough: app.getRequestHandler() })
const server = createServer(handler)
attachWebSocket(server, manager, { getUser })
server.listen(port, hostname)

for (const signal of ['SIGINT', 'SIGTERM']) {
  process.once(signal, async () => {
    const closed = new Promise((resolve) => server.close(resolve))
    await manager.shutdown()
    // Sockets have been told; their last frames must leave before the process does.
    await Promise.race([closed, sleep(1000)])
    process.exit()
  })
}
