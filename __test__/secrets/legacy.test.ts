// What an older Studio encrypted.

import { execFile } from 'node:child_process'
import { createCipheriv, createDecipheriv, randomBytes, randomUUID } from 'node:crypto'
import { once } from 'node:events'
import CryptoJS from 'crypto-js'
import { ConnectionManager, decryptConnectionString, encryptConnectionString } from 'studio-multidb'
import { eventually } from '../support/processes'
import { newKey, sharedStack, sql, startService } from '../support/stack'
import { read, use } from './rows'

const stack = sharedStack({ rateLimit: 'off' })

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
    const code = await once(child, 'close').catch(() => [127])
    if (code[0] !== 0) return console.warn('openssl is not on PATH: skipped')
    process.env.PG_META_CRYPTO_KEY = passphrase
    expect(decryptConnectionString(output.trim())).toBe('redis://:from-openssl@host')
  })

  test('encryptConnectionString is AES-256-GCM as Node’s crypto reads and writes it, and refuses flips', () => {
    process.env.DATABASE_ENCRYPTION_KEY = newKey()
    const key = Buffer.from(process.env.DATABASE_ENCRYPTION_KEY, 'hex')
    const text = 'redis://:x@y'
    const sealed = encryptConnectionString(text)
    expect(decryptConnectionString(sealed.encrypted, sealed.iv, sealed.authTag)).toBe(text)
    const reader = createDecipheriv('aes-256-gcm', key, Buffer.from(sealed.iv, 'hex'))
    reader.setAuthTag(Buffer.from(sealed.authTag, 'hex'))
    expect(reader.update(sealed.encrypted, 'hex', 'utf8') + reader.final('utf8')).toBe(text)
    const iv = randomBytes(16)
    const writer = createCipheriv('aes-256-gcm', key, iv)
    const theirs = writer.update(text, 'utf8', 'hex') + writer.final('hex')
    const tag = writer.getAuthTag().toString('hex')
    expect(decryptConnectionString(theirs, iv.toString('hex'), tag)).toBe(text)
    const flipped = sealed.encrypted.replace(/^./, (digit) => (digit === '0' ? '1' : '0'))
    expect(() => decryptConnectionString(flipped, sealed.iv, sealed.authTag)).toThrow()
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
    expect(await use(legacy, id)).toBe('opened')
    await eventually('the string being sealed', async () =>
      (await read(stack, id)).connection_string.startsWith('mdb1:')
    )
    expect(await use(stack.manager, id)).toBe('opened')
  })
})
