// Uses secrets that can't be mistaken in as many failing ways as there are, with the log at its
// loudest. Everything that JavaScript gets to see is printed to standard output, the log goes to
// standard error. Arguments: the package's entry, its options as JSON, targets as JSON.

import { createRequire } from 'node:module'
import { inspect } from 'node:util'

const [entry, options, targets] = process.argv.slice(2)
const require = createRequire(import.meta.url)
const pkg = require(entry)
const { live, closed, tls, service, canary } = JSON.parse(targets)
const manager = new pkg.ConnectionManager(JSON.parse(options))

const show = (name, value) =>
  console.log(`${name}: ${inspect(value, { depth: 20, showHidden: true })}`)

async function ask(method, target, body) {
  const [path, query] = target.split('?')
  const answer = await manager.handle({
    method,
    path: `/api/platform${path}`,
    query,
    headers: { 'x-request-id': 'canaries' },
    body:
      body === undefined
        ? undefined
        : Buffer.from(typeof body === 'string' ? body : JSON.stringify(body)),
  })
  show(`${method} ${target.slice(0, 60)}`, { ...answer, body: answer.body.toString() })
  return JSON.parse(answer.body.toString() || 'null')
}

const secret = (i) => `${canary}-${i}`
const at = (url, user, password) => {
  const made = new URL(url)
  made.username = user
  made.password = password
  return made.href
}

const types = ['redis', 'mongodb', 'postgres', 'bun_api']
const paths = {
  redis: ['GET', '/redis', '/keys'],
  mongodb: ['GET', '/mongodb', '/databases'],
  postgres: ['POST', '/postgres', '/query', { query: 'SELECT 1' }],
  bun_api: ['GET', '/bun', '/health'],
}

// What can't be saved, or is wrong in itself: the parser holds the secret then.
const all = [...types.entries()]
await Promise.all(
  all.map(async ([i, type]) => {
    const scheme = { redis: 'redis', mongodb: 'mongodb', postgres: 'postgresql', bun_api: 'http' }[
      type
    ]
    const wrong = [
      `${scheme}://user:${secret(i)}@host:99999/`,
      `${scheme}://user:${secret(i)}@[::/`,
      `${scheme}://user:${secret(i)}@host/db?nosuchoption=${secret(i)}`,
      `${scheme}://user:${secret(i)}@ho st/`,
      `${scheme}://user:${secret(i)}%zz@host/`,
      `gopher://user:${secret(i)}@host/`,
      `${scheme}:user:${secret(i)}`,
      secret(i),
      `${scheme}://169.254.169.254/?password=${secret(i)}`,
      `${scheme}://user:${secret(i)}@does-not-exist.invalid/`,
    ]
    for (const connection_string of wrong) {
      await ask('POST', '/databases/test', { type, connection_string })
      await ask('POST', '/databases', {
        type,
        connection_string,
        projectRef: 'default',
        name: `wrong-${i}`,
      })
      await pkg.ConnectionManager.testConnection(type, connection_string).then(
        (ok) => show('testConnection', ok),
        (error) => show('testConnection', error)
      )
    }
    await ask('POST', '/databases/test', {
      type,
      host: '127.0.0.1',
      port: 1,
      password: secret(i),
      options: { nosuch: secret(i) },
    })
    await ask('POST', '/databases/test', {
      type,
      host: '127.0.0.1',
      port: 1,
      password: { nested: secret(i) },
    })
    await ask('POST', '/databases/test', {
      type,
      host: '127.0.0.1',
      port: secret(i),
      password: secret(i),
    })
    await ask('POST', '/databases/test', `{"type":"${type}","password":"${secret(i)}`)
    await ask(
      'POST',
      '/databases/test',
      `{"type":"${type}","password":"${secret(i)}","password":"${secret(i)}"}`
    )
    await ask('POST', '/databases/test', { type, [`x${i}`]: 1, password: secret(i) })
  })
)

// Saved, and then used while the server refuses, is not there, or speaks no TLS.
await Promise.all(
  all.map(async ([i, type]) => {
    for (const [how, base] of [
      ['live', live[type]],
      ['closed', closed[type]],
      ['tls', tls[type]],
    ]) {
      const name = `${type.replace('_', '-')}-${how}`
      const target =
        type === 'bun_api'
          ? { connection_string: how === 'live' ? service : base, password: secret(i) }
          : { connection_string: at(base, 'canary_user', secret(i)) }
      await ask('POST', '/databases/test', { type, ...target })
      const made = await ask('POST', '/databases?skip_test=true', {
        type,
        projectRef: 'default',
        name,
        ...target,
      })
      const id = made.data?.id
      if (!id) throw new Error(`could not save ${name}: ${JSON.stringify(made)}`)
      const [method, root, path, body] = paths[type]
      for (let n = 0; n < 3; n++) await ask(method, `${root}/${id}${path}`, body)
      await ask('POST', `/databases/${id}/test`)
      await ask('GET', `/databases/${id}`)
      await ask('PATCH', `/databases/${id}`, { host: '127.0.0.2' })
      await ask('PATCH', `/databases/${id}`, { description: 'x', password: secret(i), port: -1 })
      show('typed', await manager.databases().get(id))
    }
  })
)

// Query errors and odd answers of a service, which may echo what it was sent.
const api = (await ask('GET', '/bun/default/connections')).data.connections.find((c) =>
  c.identifier.endsWith('live')
)
for (const path of ['/echo', '/echo-header', '/garbage', '/redirect', '/hang-up']) {
  await ask('POST', `/bun/${api.id}/request`, { path })
}

await ask('GET', '/databases?limit=1000')
await ask('GET', '/databases/stats')
await ask('GET', '/databases/health?probe=true')
await ask('GET', '/multidb/health')
await ask('GET', '/multidb/pools')
await ask('GET', '/multidb/openapi.json')
show('manager', manager)
show('native', manager.native)
show('typed clients', [
  manager.redis('default'),
  manager.mongodb('default'),
  manager.postgres('default'),
  manager.http('default'),
])
show('json', JSON.stringify(manager))
show('direct', manager.direct({ type: 'redis', connection_string: 'redis://x' }))
for (const options of [
  { encryptionKey: secret('key') },
  { databaseUrl: `postgresql://u:${secret('url')}@host:1:2/x` },
  { redisUrl: `gopher://:${secret('url')}@x` },
  { bunApiKey: { nested: secret('api') } },
  { nosuch: secret('option') },
]) {
  try {
    show('made', new pkg.ConnectionManager({ ...JSON.parse(process.argv[3]), ...options }))
  } catch (error) {
    show('refused', error)
  }
}
await manager.shutdown(2000)
console.log('the end')
