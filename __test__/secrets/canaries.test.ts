import { execFile } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { freePort } from '../../scripts/servers/ports.mjs'
import { root } from '../support/processes'
import { rogueRedis } from '../support/rogue.mjs'
import { required, startService, startStack } from '../support/stack'

const run = promisify(execFile)
const entry = join(root, 'dist', 'index.js')

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
    const wrong = new Error('WRONGPASS invalid username-password pair')
    const refusing = await rogueRedis({ reply: () => wrong })
    const port = await freePort()
    const own = await startStack({ rateLimit: 'off', logLevel: 'trace', connectTimeoutMs: 1500 })
    const live = {
      redis: refusing.url,
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
      const script = join(root, '__test__', 'secrets', 'canaries.mjs')
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
      await refusing.stop()
    }
  }, 120_000)
})
