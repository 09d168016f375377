// A small HTTP service for the sample connection of type "Bun API": it wants a key.

import { timingSafeEqual } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:http'

const started = Date.now()
const tasks = [
  { id: 1, title: 'Water the plants', done: false },
  { id: 2, title: 'Write the release notes', done: true },
]

const routes = {
  'GET /health': () => ({
    status: 'ok',
    uptime_seconds: Math.round((Date.now() - started) / 1000),
  }),
  'GET /info': () => ({ name: 'sample-service', version: '1.0.0', endpoints: Object.keys(routes) }),
  'GET /tasks': () => tasks,
  'POST /tasks': (body) => {
    const task = { id: tasks.length + 1, title: String(body.title ?? ''), done: false }
    tasks.push(task)
    return task
  },
}

/**
 * @param {number} port
 * @param {string} key that every request but `/health` must bring
 */
export async function startService(port, key) {
  const server = createServer(async (req, res) => {
    const { status, body } = await answer(req, key)
    res.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
  })
  server.listen(port, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${port}`,
    async stop() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

async function answer(req, key) {
  const { pathname } = new URL(req.url, 'http://service')
  if (pathname !== '/health' && !hasKey(req.headers, key)) {
    return { status: 401, body: { message: 'wrong or missing key' } }
  }
  const route = routes[`${req.method} ${pathname}`]
  if (!route) return { status: 404, body: { message: `no ${req.method} ${pathname}` } }
  try {
    return { status: 200, body: route(await readJson(req)) }
  } catch {
    return { status: 400, body: { message: 'the body must be JSON' } }
  }
}

function hasKey(headers, key) {
  const given = headers['x-api-key'] ?? headers.authorization?.replace(/^Bearer /i, '') ?? ''
  return given.length === key.length && timingSafeEqual(Buffer.from(given), Buffer.from(key))
}

async function readJson(req) {
  const chunks = []
  for await (const chunk of req) chunks.push(chunk)
  const text = Buffer.concat(chunks).toString()
  return text ? JSON.parse(text) : {}
}
