// Where sockets may not go, in every notation, and whoever names the address.

import { startService } from '../support/stack'
import { rogueMongo, rogueRedis, sink } from '../support/rogue.mjs'
import { type Desk, type Type, failure, known, sharedBench, startBench } from './bench'

/** Denied by the bench's options; on Linux a canary can listen there. */
const DENIED = '127.0.0.2'

const bench = sharedBench({ deniedHosts: [DENIED] })
const { keep } = bench

const schemes: Array<[Type, (host: string) => string]> = [
  ['redis', (host) => `redis://${host}:6379`],
  ['mongodb', (host) => `mongodb://${host}:27017/`],
  ['postgres', (host) => `postgresql://u:p@${host}:5432/d`],
  ['bun_api', (host) => `http://${host}:80`],
]

/** Cloud metadata and link-local addresses, and the ways to write them. */
const metadata = [
  '169.254.169.254',
  '169.254.0.1',
  '100.100.100.200',
  '168.63.129.16',
  '2852039166',
  '0251.0376.0251.0376',
  '0xa9fea9fe',
  '0xa9.254.43518',
  '169.254.43518',
  '[fd00:ec2::254]',
  '[fe80::1]',
  '[::ffff:169.254.169.254]',
  '[::ffff:a9fe:a9fe]',
  '[64:ff9b::a9fe:a9fe]',
  '[2002:a9fe:a9fe::1]',
]

const test = (type: Type, connectionString: string, on: Desk = bench.patient) =>
  on.api('POST', '/databases/test', { type, connectionString })

/** The code of a test that did not succeed, or of a request that was refused altogether. */
async function refusal(type: Type, connectionString: string, on?: Desk): Promise<string> {
  const { body } = await test(type, connectionString, on)
  return body.error?.code ?? body.data.code ?? (body.data.success ? 'CONNECTED' : 'NO CODE')
}

describe.each(schemes)('a %s connection', (type, url) => {
  it.each(metadata)('to the metadata address %s is refused', async (host) => {
    // A notation that means nothing is refused as such.
    expect(['HOST_NOT_ALLOWED', 'VALIDATION_ERROR']).toContain(await refusal(type, url(host)))
  })

  it('is refused when it is saved, tested or not', async () => {
    const body = {
      projectRef: 'default',
      name: 'metadata',
      type,
      connectionString: url(metadata[0]!),
    }
    for (const skip_test of [false, true]) {
      const saved = await bench.patient.api('POST', '/databases', { ...body, skip_test })
      expect(failure(saved)).toMatchObject({ code: 'HOST_NOT_ALLOWED', outcome: 'not_applied' })
    }
  })

  it('to an address that the operator denied is refused', async () => {
    expect(await refusal(type, url(DENIED))).toBe('HOST_NOT_ALLOWED')
  })
})

it('refuses loopback and private addresses to a platform, and says nothing of what is there', async () => {
  const platform = await startBench({ isPlatform: true, authorization: 'off' })
  try {
    for (const [type, url] of schemes) {
      for (const host of [
        '127.0.0.1',
        'localhost',
        '10.0.0.1',
        '192.168.1.1',
        '172.16.0.1',
        '[::1]',
      ]) {
        expect([host, await refusal(type, url(host), platform.patient)]).toEqual([
          host,
          'HOST_NOT_ALLOWED',
        ])
      }
    }
  } finally {
    await platform.close()
  }
})

describe('an address that a server names', () => {
  it('in the hello of a replica set is not connected to', async () => {
    const canary = keep(await sink({ host: DENIED }))
    const member = `${DENIED}:${canary.port}`
    const rogue = keep(await rogueMongo({ setName: 'rs0', hosts: [member], primary: member }))
    const id = await bench.register('mongodb', rogue.url)
    await known(bench, id)
    expect((await bench.api('GET', `/mongodb/${id}/databases`)).status).toBeGreaterThanOrEqual(400)
    expect((await test('mongodb', rogue.url, bench)).body.data.success).toBe(false)
    expect(rogue.commands().length).toBeGreaterThan(0)
    expect(canary.attempts()).toBe(0)
  })

  it.each(['moved', 'ask'] as const)('in %s is not connected to', async (how) => {
    const canary = keep(await sink({ host: DENIED }))
    const rogue = keep(await rogueRedis({ [how]: { host: DENIED, port: canary.port } }))
    const id = await bench.register('redis', rogue.url.replace('redis:', 'redis+cluster:'))
    const answer = await bench.patient.api('GET', `/redis/${id}/get?key=a`)
    expect(failure(answer).code).toBe('HOST_NOT_ALLOWED')
    expect(canary.attempts()).toBe(0)
  })

  it('in the map of a cluster is not connected to', async () => {
    const canary = keep(await sink({ host: DENIED }))
    const rogue = keep(await rogueRedis({ slots: [{ host: DENIED, port: canary.port }] }))
    const id = await bench.register('redis', rogue.url.replace('redis:', 'redis+cluster:'))
    expect(failure(await bench.patient.api('GET', `/redis/${id}/get?key=a`)).code).toBe(
      'HOST_NOT_ALLOWED'
    )
    expect(canary.attempts()).toBe(0)
  })

  it('by a sentinel is not connected to', async () => {
    const canary = keep(await sink({ host: DENIED }))
    const primary = { host: DENIED, port: canary.port }
    const rogue = keep(await rogueRedis({ primary, replicas: [primary] }))
    const id = await bench.register(
      'redis',
      `${rogue.url.replace('redis:', 'redis+sentinel:')}/mymaster`
    )
    expect(failure(await bench.patient.api('GET', `/redis/${id}/get?key=a`)).code).toBe(
      'HOST_NOT_ALLOWED'
    )
    expect(canary.attempts()).toBe(0)
  })

  it('in an HTTP redirect is not connected to', async () => {
    const canary = keep(await sink({ host: DENIED }))
    const service = await startService((req, res) => {
      if (req.url === '/health') return void res.end('ok')
      res.writeHead(302, { location: `http://${DENIED}:${canary.port}/latest/meta-data` }).end()
    })
    keep({ stop: service.close })
    const id = await bench.register('bun_api', service.url)
    const path = `/bun/${id}/request`
    const answer = await bench.patient.api('POST', path, { method: 'GET', path: '/away' })
    expect(answer.body.data.status).toBe(302)
    expect(canary.attempts()).toBe(0)
  })
})

it('follows a server that sends its clients in circles at most five times', async () => {
  const rogue: Awaited<ReturnType<typeof rogueRedis>> = keep(
    await rogueRedis({
      reply: ([name]) =>
        name?.toUpperCase() === 'SET' ? new Error(`MOVED 1 127.0.0.1:${rogue.port}`) : undefined,
    })
  )
  const id = await bench.register('redis', rogue.url.replace('redis:', 'redis+cluster:'))
  const answer = await bench.patient.api('POST', `/redis/${id}/set`, { key: 'a', value: '1' })
  expect(failure(answer).outcome).toBe('not_applied')
  const sets = rogue.commands().filter(([name]) => name?.toUpperCase() === 'SET')
  expect(sets.length).toBeGreaterThan(1)
  expect(sets.length).toBeLessThanOrEqual(6)
})
