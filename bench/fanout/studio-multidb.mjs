import { createRequire } from 'node:module'

import { newManager } from '../child.mjs'

const require = createRequire(import.meta.url)
const { attachWebSocket, createApiHandler } = require('../../dist/next/index.js')

export function serve(server, servers) {
  const manager = newManager(servers, { maxSocketsPerUser: 1000 })
  server.on('request', createApiHandler(manager))
  attachWebSocket(server, manager)
  const base = `/api/platform/redis/${servers.scope.redis}`
  return { subscribe: `${base}/pubsub/subscribe?channels=news`, other: `${base}/get?key=bench:1` }
}
