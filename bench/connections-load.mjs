// The process of row 10: requests to the live connections, one after the other and some at once, and
// from time to time one to another connection, as a Studio with many projects has them.

import { readdir, readlink } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'

import { answer, newManager, servers } from './child.mjs'

const LANES = 8
const SAMPLES = 60
/** One request in so many goes to a connection that is not among the live ones. */
const ELSEWHERE = 50

const requests = {
  redis: (id) => `/redis/${id}/keys?count=10`,
  mongodb: (id) =>
    `/mongodb/${id}/databases/bench/collections/people/documents?limit=5&count=false`,
  postgres: (id) => `/postgres/${id}/tables`,
}

const urls = servers()
const manager = newManager(urls)

async function send(method, path, body) {
  const [pathname, query = ''] = path.split('?')
  const answer = await manager.handle({
    method,
    path: `/api/platform${pathname}`,
    query,
    headers: {},
    ...(body && { body: Buffer.from(JSON.stringify(body)) }),
  })
  if (answer.status >= 300) throw new Error(`${method} ${path}: ${answer.body}`)
  return answer.body
}

async function register(count) {
  const types = Object.keys(requests)
  const paths = []
  for (let n = 0; n < count; n++) {
    const type = types[n % types.length]
    const body = {
      project_ref: 'default',
      type,
      name: `many-${n}`,
      connection_string: urls[type],
    }
    const { data } = JSON.parse(await send('POST', '/databases?skip_test=true', body))
    paths.push(requests[type](data.id))
  }
  return paths
}

async function run({ registered, live, milliseconds }) {
  const paths = await register(registered)
  const until = performance.now() + milliseconds
  let sent = 0
  const lane = async () => {
    while (performance.now() < until) {
      const n = sent++
      const among = n % ELSEWHERE === 0 ? paths.length : live
      await send('GET', paths[Math.floor(Math.random() * among)])
    }
  }
  const samples = []
  const watch = async () => {
    while (performance.now() < until) {
      await sleep(milliseconds / SAMPLES)
      samples.push({ rss: process.memoryUsage.rss() / 2 ** 20, sockets: await openSockets() })
    }
  }
  await Promise.all([watch(), ...Array.from({ length: LANES }, lane)])
  return { samples, requests: sent }
}

/** The sockets of this process, whoever opened them; where there is no `/proc`, those of the pools. */
async function openSockets() {
  try {
    const descriptors = await readdir('/proc/self/fd')
    const links = descriptors.map((fd) => readlink(`/proc/self/fd/${fd}`).catch(() => ''))
    return (await Promise.all(links)).filter((link) => link.startsWith('socket:')).length
  } catch {
    const { data } = JSON.parse(await send('GET', '/multidb/pools'))
    return data.pools.reduce((sum, pool) => sum + pool.open, 0)
  }
}

answer(run, () => manager.shutdown(1000))
