import { cp, readFile, writeFile } from 'node:fs/promises'
import { once } from 'node:events'
import { join } from 'node:path'
import { chromium } from 'playwright-core'
import { WebSocket } from 'ws'
import { findChromium } from './support/chromium'
import { temporaryFolders } from './support/folder'
import { type Host, startHost, startServers, type Servers } from './support/host'
import { requestBytes, sendBytes } from './support/raw'
import { eventually, node, root } from './support/processes'
import { closing, Messages } from './support/websocket'

const studio = join(root, 'studio')
const next = join('node_modules', 'next', 'dist', 'bin', 'next')
const MINUTES = 60_000

let starting: Promise<Servers> | undefined
let servers: Servers
const hosts: Host[] = []
const temporaryFolder = temporaryFolders()

beforeAll(async () => {
  starting = startServers()
  ;[servers] = await Promise.all([starting, node(['scripts/studio.mjs'])])
}, 10 * MINUTES)

afterEach(async () => {
  await Promise.all(hosts.splice(0).map((host) => host.stop()))
})

// They may still be starting where the Studio could not be built.
afterAll(async () => (await starting?.catch(() => undefined))?.stop())

async function host(args: (port: number) => string[], cwd: string): Promise<Host> {
  const started = await startHost(args, { cwd, env: servers.env })
  hosts.push(started)
  return started
}

const startBuilt = () =>
  host((port) => [next, 'start', '-p', String(port), '-H', '127.0.0.1'], studio)

/** Writes and reads a key whose name needs escaping. */
async function expectToServe({ url }: Host) {
  const health = await fetch(`${url}/api/platform/multidb/health`)
  expect(health.status).toBe(200)
  expect(await health.json()).toMatchObject({ data: { status: 'ok' } })

  const key = 'a/b %+ž'
  const path = `${url}/api/platform/redis/default/keys/${encodeURIComponent(key)}`
  const written = await fetch(path, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ value: 'x'.repeat(2_000_000) }),
  })
  expect(written.status).toBe(200)
  const read = (await (await fetch(path)).json()) as { data: { key: string; size: number } }
  expect(read.data.key).toBe(key)
}

/** Next walks dots and mends queries; what was sent is refused, whatever it has made of it. */
async function expectExactNames({ url }: Host) {
  const port = Number(new URL(url).port)
  const base = '/api/platform/redis/default'
  const headers = { host: `127.0.0.1:${port}` }
  const post = { ...headers, 'content-type': 'application/json' }
  for (const key of ['=', Buffer.from('download').toString('base64url'), '77-9']) {
    const target = `${base}/keys/${key}?encoding=base64url`
    const bytes = requestBytes('POST', target, post, '{"value":"decoy"}')
    expect((await sendBytes(port, bytes)).status).toBe(200)
  }
  for (const [method, target] of [
    ['DELETE', 'keys/.'],
    ['DELETE', 'keys/%2e'],
    ['DELETE', 'keys/..'],
    ['DELETE', 'keys/a\\..'],
    ['DELETE', 'keys/'],
    ['GET', 'keys/./download'],
    ['DELETE', 'keys/./download'],
    ['GET', 'keys//download'],
    ['GET', 'get?key=%FF'],
    ['GET', 'keys/%FF'],
    ['DELETE', 'keys/%FF'],
  ] as const) {
    const bytes = requestBytes(method, `${base}/${target}`, headers)
    const { status, text } = await sendBytes(port, bytes)
    expect([method, target, status < 500 && status >= 300]).toEqual([method, target, true])
    expect(text).not.toContain('decoy')
  }
  for (const key of ['=', Buffer.from('download').toString('base64url'), '77-9']) {
    const target = `${base}/keys/${key}?encoding=base64url`
    const { text } = await sendBytes(port, requestBytes('GET', target, headers))
    expect(JSON.parse(text).data.value).toBe('decoy')
  }
}

const subscribe = '/api/platform/redis/default/pubsub/subscribe?channels=news'

async function publish(url: string, message: string) {
  const published = await fetch(`${url}/api/platform/redis/default/pubsub/publish`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ channel: 'news', message }),
  })
  expect(published.status).toBe(200)
}

/** Subscribes and hears; leaves other sockets to Next; says goodbye when the server ends. */
async function expectToServeSockets(host: Host) {
  const url = host.url.replace('http:', 'ws:')
  const socket = await Messages.of(new WebSocket(url + subscribe, { origin: host.url }))
  expect(await socket.next()).toEqual({ type: 'subscribed', channel: 'news' })
  await publish(host.url, 'hello')
  expect(await socket.next()).toEqual({ type: 'message', channel: 'news', data: 'hello' })

  const foreign = new WebSocket(url + subscribe, { origin: 'https://evil.example' })
  const [error] = (await once(foreign, 'error')) as [Error]
  expect(error.message).toContain('403')
  const elsewhere = new WebSocket(`${url}/`)
  await once(elsewhere, 'error')

  const closed = closing(socket)
  await host.stop()
  expect((await closed).code).toBe(1001)
}

describe('built', () => {
  it(
    'answers from next start',
    async () => {
      const started = await startBuilt()
      await expectToServe(started)
      await expectExactNames(started)
      const refused = await fetch(`${started.url}/api/platform/databases`, { method: 'PUT' })
      expect([refused.status, refused.headers.get('allow')]).toEqual([405, 'GET, POST'])
      await expectToServeSockets(started)
    },
    2 * MINUTES
  )

  it(
    'answers from .next/standalone, copied elsewhere',
    async () => {
      const folder = temporaryFolder()
      await cp(join(studio, '.next', 'standalone'), folder, { recursive: true })
      const started = await host(() => ['server.js'], folder)
      await expectToServe(started)
      await expectExactNames(started)
      await expectToServeSockets(started)
    },
    2 * MINUTES
  )

  it(
    'answers from server.mjs, in front of Next on the same port',
    async () => {
      const started = await startHost(() => ['server.mjs'], {
        cwd: studio,
        env: { ...servers.env, NODE_ENV: 'production' },
      })
      hosts.push(started)
      await expectToServe(started)
      await expectExactNames(started)
      const page = await fetch(started.url)
      expect(page.status).toBe(200)
      expect(await page.text()).toContain('<h1>Connections</h1>')
      await expectToServeSockets(started)
    },
    2 * MINUTES
  )
})

describe('in next dev', () => {
  const route = join('pages', 'api', 'platform', 'redis', '[scope]', '[...path].ts')
  const shared = join('lib', 'multidb.ts')

  it(
    'keeps the number of server connections while routes are edited twenty times',
    async () => {
      const folder = temporaryFolder()
      const isSource = (path: string) => !path.startsWith(join(studio, '.next'))
      await cp(studio, folder, { recursive: true, filter: isSource })
      const { url } = await host(
        (port) => [next, 'dev', '-p', String(port), '-H', '127.0.0.1'],
        folder
      )
      const original = await readFile(join(folder, route), 'utf8')
      const manager = await readFile(join(folder, shared), 'utf8')

      /** Edits both files, so that the manager's own module is run again, and asks through them. */
      const edit = async (n: number) => {
        const marked = original.replace(
          'apiWrapper(req, res,',
          `apiWrapper(req, res.setHeader('x-edit', '${n}') as typeof res,`
        )
        await writeFile(join(folder, shared), `${manager}\nexport const edit = ${n}\n`)
        await writeFile(join(folder, route), marked)
        const response = await eventually(`edit ${n} being served`, async () => {
          const answer = await keys()
          return answer.headers.get('x-edit') === String(n) && answer
        })
        expect(response.status).toBe(200)
        expect((await list()).status).toBe(200)
      }
      const keys = () => fetch(`${url}/api/platform/redis/default/keys?count=10`)
      const list = () =>
        fetch(`${url}/api/platform/databases`, { headers: { 'cache-control': 'no-cache' } })
      const connections = async () => ({
        redis: await servers.redisClients(),
        platform: await servers.platformSessions(),
      })

      await edit(0)
      // As many as a few requests at once need: more than one after the other ever do.
      await Promise.all(Array.from({ length: 4 }, () => Promise.all([keys(), list()])))
      const before = await connections()
      expect(before.redis).toBeGreaterThan(0)
      expect(before.platform).toBeGreaterThan(0)
      for (let n = 1; n <= 20; n++) await edit(n)
      const after = await connections()
      expect(after.redis).toBeLessThanOrEqual(before.redis)
      expect(after.platform).toBeLessThanOrEqual(before.platform)
    },
    5 * MINUTES
  )
})

describe('the page of connections', () => {
  const browser = findChromium()
  const withBrowser = browser ? it : it.skip
  if (!browser) {
    console.warn(
      'The page is not tested: no Chromium. Set CHROMIUM_BIN, or run npx playwright-core install chromium'
    )
  }

  withBrowser(
    'lists the connections and tests them',
    async () => {
      const { url } = await startBuilt()
      const running = await chromium.launch({
        ...(browser && { executablePath: browser }),
        args: ['--no-sandbox'],
      })
      try {
        const page = await running.newPage()
        await page.goto(url)
        const card = page.getByRole('listitem', { name: 'env' })
        await card.getByRole('button', { name: /Test connection/ }).click()
        await card.getByText(/Connected in/).waitFor()
        await page.route('**/test', (request) =>
          request.fulfill({ status: 503, json: { message: 'The server is away' } })
        )
        await card.getByRole('button', { name: /Test connection/ }).click()
        await card.getByText('The server is away').waitFor()

        const heard = await page.evaluate(
          (target) => {
            const socket = new globalThis.WebSocket(target)
            const publish = () =>
              fetch('/api/platform/redis/default/pubsub/publish', {
                method: 'POST',
                headers: { 'content-type': 'application/json' },
                body: JSON.stringify({ channel: 'news', message: 'from a page' }),
              })
            return new Promise<unknown[]>((resolve, reject) => {
              const messages: unknown[] = []
              socket.onerror = () => reject(new Error('the socket failed'))
              socket.onmessage = ({ data }) => {
                if (messages.push(JSON.parse(String(data))) === 1) publish().catch(reject)
                else resolve(messages)
              }
            })
          },
          url.replace('http:', 'ws:') + subscribe
        )
        expect(heard).toMatchObject([
          { type: 'subscribed', channel: 'news' },
          { type: 'message', data: 'from a page' },
        ])
      } finally {
        await running.close()
      }
    },
    2 * MINUTES
  )
})
