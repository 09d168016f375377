// The package behind plain `node:http`, in a process of its own.

import { createServer } from 'node:http'
import { createRequire } from 'node:module'

const require = createRequire(import.meta.url)
const { ConnectionManager } = require('../dist/index.js')
const { createApiHandler } = require('../dist/next/index.js')

const { platform, encryptionKey } = JSON.parse(process.env.BENCH_SERVERS)
const manager = new ConnectionManager({
  databaseUrl: platform,
  encryptionKey,
  logLevel: 'off',
  rateLimit: 'off',
})
const server = createServer(createApiHandler(manager))
server.listen(0, '127.0.0.1', () => process.send({ result: server.address().port }))
process.on('disconnect', () => process.exit(0))
