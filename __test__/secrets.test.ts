import { execFile, spawn } from 'node:child_process'
import { createCipheriv, createHash, randomBytes, randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { promisify } from 'node:util'
import CryptoJS from 'crypto-js'
import { ConnectionManager, decryptConnectionString, encryptConnectionString } from 'studio-multidb'
import { freePort, root } from './support/processes'
import {
  newKey,
  newProject,
  request,
  required,
  sql,
  type Stack,
  startService,
  startStack,
} from './support/stack'

const run = promisify(execFile)
const entry = join(root, 'dist', 'index.js')
let stack: Stack

beforeAll(async () => {
  stack = await startStack({ rateLimit: 'off' })
}, 60_000)

afterAll(() => stack?.close())

/** A connection whose secrets are stored, though nothing answers there. */
async function stored(project: string, name: string, password = `p-${name}`) {
  const body = {
    identifier: name,
    connection_string: `redis://user:${password}@127.0.0.1:1/0`,
    skip_test: true,
  }
  const { body: made } = await stack.api('POST', `/redis/${project}/connections`, body)
  if (!made.data) throw new Error(JSON.stringify(made))
  return made.data.id as string
}

interface Row {
  connection_string: string
  password: string | null
}

async function read(id: string): Promise<Row> {
  const [row] = await sql(
    stack.databaseUrl,
    'SELECT connection_string, password FROM platform.database_connections WHERE id = $1',
    [id]
  )
  return row as unknown as Row
}

const write = (id: string, column: keyof Row, value: string | null) =>
  sql(stack.databaseUrl, `UPDATE platform.database_connections SET ${column} = $2 WHERE id = $1`, [
    id,
    value,
  ])

/** How using a connection fails: by its secret that doesn't open, or because nothing is there. */
async function use(id: string, manager = stack.manager) {
  const message = { method: 'GET', path: `/api/platform/redis/${id}/info` }
  const answer = await manager.handle({ ...message, headers: { 'cache-control': 'no-cache' } })
  const { error } = JSON.parse(answer.body.toString())
  return error?.code === 'DB_CONNECTION_FAILED' ? 'opened' : (error?.code as string)
}

describe('a sealed value', () => {
  test('opens in its own place', async () => {
    const id = await stored('default', 'own-place')
    const row = await read(id)
    expect(row.connection_string).toMatch(/^mdb1:[^:]+:[A-Za-z0-9+/=]+$/)
    expect(JSON.stringify(row)).not.toContain('p-own-place')
    expect(await use(id)).toBe('opened')
  })

  test('of another row does not open', async () => {
    const [a, b] = [await stored('default', 'row-a'), await stored('default', 'row-b')]
    await write(a, 'connection_string', (await read(b)).connection_string)
    expect(await use(a)).not.toBe('opened')
    expect(await use(b)).toBe('opened')
  })

  test('of another column does not open', async () => {
    const id = await stored('default', 'column')
    const row = await read(id)
    await write(id, 'password', row.connection_string)
    if (row.password !== null) await write(id, 'connection_string', row.password)
    expect(await use(id)).not.toBe('opened')
  })

  test('does not open in another project, though the row is the same', async () => {
    const other = await newProject(stack.databaseUrl, `moved-${randomBytes(3).toString('hex')}`)
    const id = await stored('default', 'moved')
    await sql(
      stack.databaseUrl,
      'UPDATE platform.database_connections SET project_id = $2 WHERE id = $1',
      [id, other]
    )
    expect(await use(id)).not.toBe('opened')
  })

  test('with any bit of it flipped is refused', async () => {
    const id = await stored('default', 'bits')
    const { connection_string: sealed } = await read(id)
    const at = sealed.lastIndexOf(':') + 1
    const bytes = Buffer.from(sealed.slice(at), 'base64')
    // Some of the nonce, the ciphertext and the tag each; every one is tried in the Rust tests.
    const bits = [0, 95, 96, 150, bytes.length * 8 - 128, bytes.length * 8 - 1]
    for (const bit of bits) {
      const changed = Buffer.from(bytes)
      changed[bit >> 3]! ^= 1 << (bit & 7)
      await write(id, 'connection_string', sealed.slice(0, at) + changed.toString('base64'))
      expect([bit, await use(id)]).not.toEqual([bit, 'opened'])
    }
    for (const other of [
      sealed.slice(0, -8),
      sealed.replace(/^mdb1:[^:]+:/, 'mdb1:other:'),
      'mdb1:',
      'mdb1:x:',
    ]) {
      await write(id, 'connection_string', other)
      expect(await use(id)).not.toBe('opened')
    }
    await write(id, 'connection_string', sealed)
    expect(await use(id)).toBe('opened')
  })

  test('never lies in the table as plain text: the table itself refuses that', async () => {
    const id = await stored('default', 'plain')
    await expect(write(id, 'password', 'plain text')).rejects.toThrow('password_sealed')
  })
})

describe('rotation', () => {
  const cli = (env: Record<string, string>) =>
    spawn(process.execPath, [join(root, 'dist', 'cli.js'), 'rotate-keys'], {
      env: { ...process.env, LOG_LEVEL: 'off', ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    })

  test('killed at any moment and run again loses no row, and rows are readable all along', async () => {
    const own = await startStack({ encryptionKey: `old:${newKey()}`, rateLimit: 'off' })
    try {
      const ids: string[] = []
      for (let from = 0; from < 300; from += 50) {
        const made = await Promise.all(
          Array.from({ length: 50 }, (_, i) =>
            own.api('POST', '/redis/default/connections', {
              identifier: `r-${from + i}`,
              connection_string: `redis://user:secret-${from + i}@127.0.0.1:1/0`,
              skip_test: true,
            })
          )
        )
        ids.push(...made.map(({ body }) => body.data.id as string))
      }
      const keys = `new:${newKey()},${own.options.encryptionKey}`
      const env = { DATABASE_URL: own.databaseUrl, DATABASE_ENCRYPTION_KEY: keys }
      const reader = new ConnectionManager({ ...own.options, encryptionKey: keys })
      const old = new Set<number>()
      const left = async () => {
        const [row] = await sql(
          own.databaseUrl,
          `SELECT count(*)::int AS n FROM platform.database_connections
           WHERE connection_string LIKE 'mdb1:old:%' OR password LIKE 'mdb1:old:%'`
        )
        return Number(row?.n)
      }
      const target = async (id: string) =>
        (await request(reader, 'GET', `/redis/${id}/info`)).body.error.code as string
      let kills = 0
      for (; kills < 12 && (await left()) > 0; kills++) {
        old.add(await left())
        const child = cli(env)
        const exited = once(child, 'exit')
        // Node starts within a fifth of a second or so; then some rows are done.
        setTimeout(() => child.kill('SIGKILL'), 120 + Math.random() * 350)
        const probes = [0, 150, 299].map((i) => target(ids[i] as string))
        expect(await Promise.all(probes)).toEqual(Array(3).fill('DB_CONNECTION_FAILED'))
        await exited
      }
      const child = cli(env)
      let output = ''
      child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text))
      expect((await once(child, 'exit'))[0]).toBe(0)
      expect(JSON.parse(output)).toMatchObject({ rows: 304, failed: [] })
      expect(await left()).toBe(0)
      expect(kills).toBeGreaterThan(0)

      // The old key can be thrown away: everything opens under the new one alone.
      const [only] = keys.split(',') as [string]
      const alone = new ConnectionManager({ ...own.options, encryptionKey: only })
      const codes = await Promise.all(
        ids.map(async (id) => (await request(alone, 'GET', `/redis/${id}/info`)).body.error.code)
      )
      expect(new Set(codes)).toEqual(new Set(['DB_CONNECTION_FAILED']))
      await Promise.all([alone.shutdown(2000), reader.shutdown(2000)])
    } finally {
      await own.close()
    }
  }, 90_000)

  test('a key that is missing is said, and nothing is changed', async () => {
    const id = await stored('default', 'wrong-key')
    const before = await read(id)
    const child = cli({
      DATABASE_URL: stack.databaseUrl,
      DATABASE_ENCRYPTION_KEY: `zz:${newKey()}`,
    })
    let output = ''
    child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text))
    expect((await once(child, 'exit'))[0]).toBe(1)
    expect(JSON.parse(output).failed.length).toBeGreaterThan(0)
    expect(await read(id)).toEqual(before)
  })
})

describe('crypto-js', () => {
  const passphrase = 'an older Studio’s passphrase'
  let legacy: ConnectionManager

  beforeAll(() => {
    legacy = new ConnectionManager({ ...stack.options, redisCryptoKey: passphrase })
  })
  afterAll(() => legacy.shutdown(2000))

  afterEach(() => {
    delete process.env.PG_META_CRYPTO_KEY
    delete process.env.DATABASE_ENCRYPTION_KEY
  })

  test.each(['', 'a', 'redis://:pässwörd@host:6379/0?x=1', 'x'.repeat(5000)])(
    'a text of npm’s crypto-js opens',
    (text) => {
      process.env.PG_META_CRYPTO_KEY = passphrase
      const theirs = CryptoJS.AES.encrypt(text, passphrase).toString()
      expect(decryptConnectionString(theirs)).toBe(text)
      expect(() => decryptConnectionString(theirs.slice(0, -6))).toThrow()
      process.env.PG_META_CRYPTO_KEY = 'another passphrase'
      if (text !== '') expect(() => decryptConnectionString(theirs)).toThrow()
    }
  )

  test('without a direct address pg-meta is asked, and no connection string is sent to it', async () => {
    const headers: string[] = []
    const meta = await startService((req, res) => {
      headers.push(String(req.headers['x-connection-encrypted'] ?? ''))
      res.setHeader('content-type', 'application/json')
      res.end('[{"n":1}]')
    })
    const manager = new ConnectionManager({
      pgMetaUrl: meta.url,
      pgMetaCryptoKey: passphrase,
      logLevel: 'off',
    })
    try {
      const answer = await manager.native.queryPlatform('SELECT 1 AS n', '[]')
      expect(JSON.parse(answer)).toEqual({ data: { rows: [{ n: 1 }] } })
    } finally {
      await manager.shutdown(1000)
      await meta.close()
    }
    expect(new Set(headers)).toEqual(new Set(['']))
  })

  test('openssl’s own output opens', async () => {
    const child = execFile('openssl', [
      'enc',
      '-aes-256-cbc',
      '-md',
      'md5',
      '-salt',
      '-base64',
      '-A',
      '-pass',
      `pass:${passphrase}`,
    ])
    let output = ''
    child.stdout?.on('data', (text: string) => (output += text))
    child.stdin?.on('error', () => undefined)
    child.stdin?.end('redis://:from-openssl@host')
    const code = await once(child, 'exit').catch(() => [127])
    if (code[0] !== 0) return console.warn('openssl is not on PATH: skipped')
    process.env.PG_META_CRYPTO_KEY = passphrase
    expect(decryptConnectionString(output.trim())).toBe('redis://:from-openssl@host')
  })

  test('encryptConnectionString is AES-256-GCM as Node’s crypto reads it, and refuses flips', () => {
    process.env.DATABASE_ENCRYPTION_KEY = newKey()
    const sealed = encryptConnectionString('redis://:x@y')
    expect(decryptConnectionString(sealed.encrypted, sealed.iv, sealed.authTag)).toBe(
      'redis://:x@y'
    )
    const flipped = sealed.encrypted.replace(/^./, (digit) => (digit === '0' ? '1' : '0'))
    expect(() => decryptConnectionString(flipped, sealed.iv, sealed.authTag)).toThrow()
    const key = Buffer.from(process.env.DATABASE_ENCRYPTION_KEY, 'hex')
    const cipher = createCipheriv('aes-256-gcm', key, randomBytes(16))
    expect(cipher).toBeDefined()
  })

  test.each(['SAMPLE_KEY', ''])('the passphrase %j is refused', (text) => {
    process.env.PG_META_CRYPTO_KEY = text
    const theirs = CryptoJS.AES.encrypt('x', text).toString()
    expect(() => decryptConnectionString(theirs)).toThrow()
  })

  test('a stored legacy string is opened, and sealed at its first use', async () => {
    const id = randomUUID()
    const old = CryptoJS.AES.encrypt('redis://:legacy@127.0.0.1:1/0', passphrase).toString()
    await sql(
      stack.databaseUrl,
      `INSERT INTO platform.database_connections
         (id, project_id, database_type, identifier, connection_string, host, port)
       VALUES ($1, $2, 'redis', 'legacy-string', $3, '127.0.0.1', 1)`,
      [id, stack.projectId, old]
    )
    expect(await use(id, legacy)).toBe('opened')
    const deadline = Date.now() + 5000
    while ((await read(id)).connection_string === old && Date.now() < deadline) {
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
    expect((await read(id)).connection_string).toMatch(/^mdb1:/)
    expect(await use(id)).toBe('opened')
  })
})

describe('secrets that would be known anywhere', () => {
  const canary = `CANARY${createHash('sha256').update(randomBytes(8)).digest('hex').slice(0, 20)}`

  test('appear in no log line, answer, error or object', async () => {
    const service = await startService((req, res) => {
      const key = `${req.headers.authorization ?? ''} ${req.headers['x-api-key'] ?? ''}`
      if (req.url === '/echo-header') res.setHeader('x-echo', key.trim())
      if (req.url === '/redirect') res.writeHead(302, { location: `/?key=${key.length}` })
      if (req.url === '/hang-up') return res.destroy()
      if (req.url === '/garbage') return res.socket?.end('HTTP/1.1 abc\r\n\r\n')
      res.end('plain')
    })
    const refusing = await refusingServer()
    const port = await freePort()
    const own = await startStack({ rateLimit: 'off', logLevel: 'trace', connectTimeoutMs: 1500 })
    const live = {
      redis: refusing.redis,
      mongodb: required('TEST_MONGODB_URL'),
      postgres: required('TEST_POSTGRES_URL'),
      bun_api: service.url,
    }
    const closed = {
      redis: `redis://127.0.0.1:${port}`,
      mongodb: `mongodb://127.0.0.1:${port}/?serverSelectionTimeoutMS=500`,
      postgres: `postgresql://127.0.0.1:${port}/x`,
      bun_api: `http://127.0.0.1:${port}`,
    }
    const plain = new URL(service.url).port
    const tls = {
      redis: `rediss://127.0.0.1:${plain}`,
      mongodb: `mongodb://127.0.0.1:${plain}/?tls=true&serverSelectionTimeoutMS=500`,
      postgres: `postgresql://127.0.0.1:${plain}/x?sslmode=verify-full`,
      bun_api: `https://127.0.0.1:${plain}`,
    }
    try {
      const targets = JSON.stringify({ live, closed, tls, service: service.url, canary })
      const script = join(root, '__test__', 'support', 'canaries.mjs')
      const { stdout, stderr } = await run(
        process.execPath,
        [script, entry, JSON.stringify(own.options), targets],
        {
          timeout: 100_000,
          maxBuffer: 1 << 28,
          env: { ...process.env, LOG_LEVEL: 'trace', RUST_BACKTRACE: 'full' },
        }
      )
      expect(stdout).toContain('the end')
      expect(stderr).not.toBe('')
      for (const form of [
        canary,
        encodeURIComponent(canary),
        Buffer.from(canary).toString('hex'),
      ]) {
        const lines = `${stdout}\n${stderr}`.split('\n').filter((line) => line.includes(form))
        expect(lines.slice(0, 5)).toEqual([])
      }
      for (const key of [own.options.encryptionKey as string]) {
        expect(stdout.includes(key) || stderr.includes(key)).toBe(false)
      }
      expect(stdout + stderr).not.toMatch(/panicked/)
    } finally {
      await own.close()
      await service.close()
      refusing.close()
    }
  }, 120_000)

  /** A Redis that takes no password. */
  async function refusingServer() {
    const server = createServer((socket) => {
      socket.on('error', () => undefined)
      socket.on('data', () => socket.write('-WRONGPASS invalid username-password pair\r\n'))
    })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    const address = server.address()
    if (typeof address !== 'object' || address === null) throw new Error('no port')
    return { redis: `redis://127.0.0.1:${address.port}`, close: () => server.close() }
  }
})
