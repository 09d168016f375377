// The package behind plain `node:http`, in a process of its own.

import { once } from 'node:events'
import { createServer } from 'node:http'
import { createRequire } from 'node:module'

import { answer, newManager, servers } from './child.mjs'

const require = createRequire(import.meta.url)
const { createApiHandler } = require('../dist/next/index.js')

const server = createServer(createApiHandler(newManager(servers())))

answer(async () => {
  await once(server.listen(0, '127.0.0.1'), 'listening')
  return server.address().port
})
