import type { IncomingHttpHeaders } from 'node:http'
import { newProject, request, type Stack, startService, startStack } from './support/stack'

let stack: Stack
let service: Awaited<ReturnType<typeof startService>>
const seen: Array<{ url: string; headers: IncomingHttpHeaders }> = []
const database = `values_${process.pid}_${Date.now().toString(36)}`
const prefix = `values:${process.pid}:${Date.now().toString(36)}:`

beforeAll(async () => {
  stack = await startStack({ rateLimit: 'off' })
  service = await startService((req, res) => {
    seen.push({ url: req.url ?? '', headers: req.headers })
    if (req.url?.startsWith('/base/leave')) {
      res.writeHead(302, { location: `${service.url}/outside` })
      return res.end()
    }
    if (req.url?.startsWith('/base/binary')) return res.end(Buffer.from([0xff, 0x00, 0xfe]))
    res.setHeader('content-type', 'application/json')
    res.end('{"__proto__":{"kept":true},"big":9007199254740993,"zero":-0.0}')
  })
}, 60_000)

afterAll(async () => {
  await stack?.close()
  await service?.close()
})

const base64url = (bytes: Buffer) => bytes.toString('base64url')
const binary = (...bytes: number[]) => ({
  $binary: { base64: Buffer.from(bytes).toString('base64') },
})
const redis = (method: string, path: string, body?: unknown) =>
  stack.api(method, `/redis/default${path}`, body)
const key = (name: string) => encodeURIComponent(prefix + name)
const documents = (coll: string) => `/databases/${database}/collections/${coll}/documents`
const mongo = (method: string, path: string, body?: unknown) =>
  stack.api(method, `/mongodb/default${path}`, body)
const query = (text: string, more: object = {}) =>
  stack.api('POST', '/postgres/default/query', { query: text, ...more })

/** Sends a body as it is. */
async function raw(method: string, path: string, body: string | Buffer) {
  const answer = await stack.manager.handle({
    method,
    path: `/api/platform${path}`,
    headers: { 'content-type': 'application/json' },
    body: Buffer.from(body),
  })
  const text = answer.body.toString()
  return { status: answer.status, text, body: JSON.parse(text) }
}

describe('Redis keys', () => {
  test.each([
    [
      'bytes that are not UTF-8',
      Buffer.from([0xff, 0x00, 0xc3, 0x28]),
      binary(0xff, 0, 0xc3, 0x28),
    ],
    ['the empty key', Buffer.alloc(0), ''],
    ['a dot', Buffer.from('.'), '.'],
    ['two dots', Buffer.from('..'), '..'],
    ['a slash and a NUL', Buffer.from('a/b\0c'), 'a/b\0c'],
  ])('%s is written, read and deleted as it is', async (_name, bytes, shown) => {
    const path = `/keys/${base64url(bytes)}?encoding=base64url`
    expect((await redis('POST', path, { value: 'held' })).status).toBeLessThan(300)
    const read = await redis('GET', path)
    expect(read.body.data).toMatchObject({ key: shown, type: 'string', value: 'held' })
    expect((await redis('DELETE', path)).body.data).toMatchObject({ deleted: 1 })
    expect((await redis('GET', path)).status).toBe(404)
  })

  test('slashes, percent signs, plus signs and emoji in a path segment are part of the key', async () => {
    for (const name of ['a/b//c', '100%', 'a+b', 'ключ 🔑', '%2F', 'a?b#c']) {
      expect((await redis('POST', `/keys/${key(name)}`, { value: name })).status).toBeLessThan(300)
      const { body } = await redis('GET', `/keys/${key(name)}`)
      expect([body.data.key, body.data.value]).toEqual([prefix + name, name])
    }
  })

  test('a value that is not UTF-8 comes back byte for byte, and text never becomes lossy', async () => {
    const value = binary(0x80, 0x00, 0xff, 0xed, 0xa0, 0x80)
    await redis('POST', `/keys/${key('bytes')}`, { value })
    expect((await redis('GET', `/keys/${key('bytes')}`)).body.data.value).toEqual(value)
    const client = stack.manager.redis('default')
    expect(await client.get(`${prefix}bytes`)).toEqual(value)
  })

  test('a hash field named __proto__ is a field like another', async () => {
    const body = `{"type":"hash","value":{"__proto__":"own","constructor":"c","":"empty"}}`
    const written = await raw('POST', `/redis/default/keys/${key('proto')}`, body)
    expect(written.status).toBeLessThan(300)
    const answer = await stack.manager.handle({
      method: 'GET',
      path: `/api/platform/redis/default/keys/${key('proto')}`,
    })
    const text = answer.body.toString()
    expect(text).toContain('"__proto__"')
    expect(text).toContain('own')
    const all = await stack.manager.redis('default').hgetall(`${prefix}proto`)
    expect(Object.getOwnPropertyDescriptor(all, '__proto__')?.value).toBe('own')
    expect(Object.getPrototypeOf(all)).toBe(Object.prototype)
  })

  test('an integer beyond 2^53 keeps its digits', async () => {
    const client = stack.manager.redis('default')
    await client.set(`${prefix}big`, '9007199254740992')
    expect(await client.incrBy(`${prefix}big`)).toEqual({ $numberLong: '9007199254740993' })
    await client.set(`${prefix}small`, '41')
    expect(await client.incrBy(`${prefix}small`)).toBe(42)
  })

  test('a sorted set shows its scores as text, infinities too', async () => {
    const value = [
      { member: 'a', score: '-inf' },
      { member: 'b', score: 0.5 },
      { member: 'c', score: 'inf' },
    ]
    const written = await redis('POST', `/keys/${key('scores')}`, { type: 'zset', value })
    expect(written.status).toBeLessThan(300)
    const { body } = await redis('GET', `/keys/${key('scores')}`)
    const text = JSON.stringify(body.data)
    for (const score of ['"-inf"', '"0.5"', '"inf"']) expect(text).toContain(score)
  })

  test('64 MiB are read in pages, and refused as a whole with a way out', async () => {
    const size = 64 * 1024 * 1024
    const client = stack.manager.redis('default')
    await stack.api('POST', '/redis/default/batch', {
      commands: [['SETRANGE', `${prefix}large`, String(size - 1), 'z']],
    })
    const whole = await redis('GET', `/keys/${key('large')}?count=${size}`)
    expect(whole.status).toBe(413)
    expect(whole.body.error).toMatchObject({ code: 'PAYLOAD_TOO_LARGE', retryable: false })
    const unread = await client.get(`${prefix}large`).then(
      () => 'read',
      (error: { code: string }) => error.code
    )
    expect(['PAYLOAD_TOO_LARGE', 'read']).toContain(unread)
    const last = await redis('GET', `/keys/${key('large')}?offset=${size - 4}&count=4`)
    expect(last.body.data.value).toBe('\0\0\0z')
    const first = await redis('GET', `/keys/${key('large')}?count=${1024 * 1024}`)
    expect(first.status).toBe(200)
    expect(first.body.data.value).toHaveLength(1024 * 1024)
    expect((await redis('DELETE', `/keys/${key('large')}`)).status).toBe(200)
  }, 60_000)

  test('a page of 100,000 keys is refused with the limit', async () => {
    const { status, body } = await redis('GET', '/keys?count=100000')
    expect(status).toBe(413)
    expect(body.error.code).toBe('PAYLOAD_TOO_LARGE')
    expect(body.message).toMatch(/1000/)
    expect(body.message).toMatch(/cursor/)
  })

  test.each([
    'count=-1',
    'count=NaN',
    'count=1e3',
    'count=99999999999999999999999',
    'count=0',
    'cursor=%00',
    'cursor=-1',
    'cursor=18446744073709551616',
    'with=password',
    'type=hash%0d%0aFLUSHALL',
    'unknown=1',
    'count=1&count=2',
    'pattern=%ff',
    '__proto__=1',
  ])('the hostile query %s is a clean 400', async (hostile) => {
    const { status, body } = await redis('GET', `/keys?${hostile}`)
    expect([status, body.error.code]).toEqual([400, 'VALIDATION_ERROR'])
  })

  test('commands that leave the keyspace or the session are refused', async () => {
    for (const command of [
      ['FLUSHALL'],
      ['SELECT', '1'],
      ['CONFIG', 'SET', 'a', 'b'],
      ['SHUTDOWN'],
      ['EVAL', '1', '0'],
      ['NOSUCH'],
      ['get\r\nFLUSHALL'],
    ]) {
      const { body } = await redis('POST', '/batch', { commands: [command] })
      const failure = body.error ?? body.data[0].error
      expect(failure.code).toMatch(/OPERATION_NOT_ALLOWED|PERMISSION_DENIED|VALIDATION_ERROR/)
    }
  })
})

describe('bodies', () => {
  test.each([
    ['cut off', '{"value":'],
    ['not JSON', 'value=1'],
    ['a list', '[1]'],
    ['a number', '1'],
    ['invalid UTF-8', Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d])],
    ['trailing text', '{"value":"a"}{}'],
    ['twice the same member', '{"value":"a","value":"b"}'],
    ['an unknown member', '{"value":"a","ttll":1}'],
    ['nothing', ''],
    ['nesting without end', '['.repeat(1_000_000)],
    ['deep objects', '{"value":'.repeat(5000) + '1' + '}'.repeat(5000)],
    ['a lone surrogate', '{"value":"\\ud800"}'],
  ])('%s is a clean 400', async (_name, body) => {
    const answer = await raw('POST', `/redis/default/keys/${key('never')}`, body)
    expect([answer.status, answer.body.error.code]).toEqual([400, 'VALIDATION_ERROR'])
    expect((await redis('GET', `/keys/${key('never')}`)).status).toBe(404)
  })

  test('more than the limit is 413 before it is read', async () => {
    const large = await raw(
      'POST',
      `/redis/default/keys/${key('never')}`,
      Buffer.alloc(65 << 20, 32)
    )
    expect([large.status, large.body.error.code]).toEqual([413, 'PAYLOAD_TOO_LARGE'])
  })

  test('a path that is not one, and a method that is not offered, have their own answers', async () => {
    for (const path of [
      '/nothing',
      '/redis',
      '/redis/default/keys/a/b',
      '/redis/%ff/keys',
      '//x',
    ]) {
      expect([400, 404]).toContain((await stack.api('GET', path)).status)
    }
    const wrong = await stack.api('PATCH', '/redis/default/keys')
    expect(wrong.status).toBe(405)
    expect(wrong.headers.allow).toContain('GET')
    expect((await stack.api('BREW', '/redis/default/keys')).status).toBe(405)
  })
})

describe('MongoDB values', () => {
  const values: Array<[string, string]> = [
    ['2^53+1', '{"$numberLong":"9007199254740993"}'],
    ['the smallest long', '{"$numberLong":"-9223372036854775808"}'],
    ['an int32', '{"$numberInt":"7"}'],
    ['a long that would fit an int32', '{"$numberLong":"7"}'],
    ['a double that is whole', '{"$numberDouble":"7.0"}'],
    ['minus zero', '{"$numberDouble":"-0.0"}'],
    ['not a number', '{"$numberDouble":"NaN"}'],
    ['infinity', '{"$numberDouble":"Infinity"}'],
    ['minus infinity', '{"$numberDouble":"-Infinity"}'],
    ['a decimal with trailing zeros', '{"$numberDecimal":"1.2300"}'],
    ['a decimal that is zero with an exponent', '{"$numberDecimal":"0E-7"}'],
    ['a date after 9999', '{"$date":{"$numberLong":"253402300800000"}}'],
    ['a date before 1970', '{"$date":{"$numberLong":"-62135596800001"}}'],
    ['the last date', '{"$date":{"$numberLong":"9223372036854775807"}}'],
    ['bytes of a user subtype', '{"$binary":{"base64":"/w==","subType":"80"}}'],
    ['a legacy UUID', '{"$binary":{"base64":"AAAAAAAAAAAAAAAAAAAAAA==","subType":"03"}}'],
    ['an expression', '{"$regularExpression":{"pattern":"a/b","options":"ix"}}'],
    ['a timestamp', '{"$timestamp":{"t":4294967295,"i":1}}'],
    ['MinKey', '{"$minKey":1}'],
    ['MaxKey', '{"$maxKey":1}'],
    ['null', 'null'],
    ['fields in order, some of them risky', '{"b":"1","a":"2","__proto__":"3","constructor":"4"}'],
  ]

  // A server in Python may know no date outside its own calendar; a MongoDB knows them all.
  async function known() {
    const path = `/mongodb/default${documents('dates')}`
    const answers = await Promise.all(
      values.map(([, value]) => raw('POST', path, `{"document":{"v":${value}}}`))
    )
    const unknown = answers.map(({ text }) => text.includes('datetime_conversion'))
    values.forEach(([name], i) => unknown[i] && console.warn(`this server knows no ${name}`))
    return values.map(([, value], i) => [i, value] as const).filter(([i]) => !unknown[i])
  }

  test('every type comes back as it was written', async () => {
    const kept = await known()
    const fields = kept.map(([i, value]) => `"v${i}":${value}`).join(',')
    const path = `/mongodb/default${documents('types')}`
    const written = await raw('POST', path, `{"document":{"_id":"all",${fields}}}`)
    expect(written.text).toContain('"inserted_count":1')
    const answer = await stack.manager.handle({
      method: 'GET',
      path: `/api/platform${path}/all`,
      query: 'ejson=canonical',
    })
    const text = answer.body.toString()
    const lost = kept.filter(([i, value]) => !text.includes(`"v${i}":${value}`))
    expect(lost).toEqual([])
  })

  test('editing what was read canonically changes nothing', async () => {
    const path = `/mongodb/default${documents('types')}/all`
    const get = async () =>
      (
        await stack.manager.handle({
          method: 'GET',
          path: `/api/platform${path}`,
          query: 'ejson=canonical',
        })
      ).body.toString()
    const before = await get()
    const document = before.slice('{"data":'.length, -1)
    const put = await raw('PUT', path, `{"replacement":${document}}`)
    expect(put.status).toBe(200)
    expect(await get()).toBe(before)
  })

  const nested = (depth: number) => '{"a":'.repeat(depth) + '1' + '}'.repeat(depth)

  test('a document 100 deep is kept; one 200 deep is refused before it is sent', async () => {
    const path = `/mongodb/default${documents('deep')}`
    const kept = await raw('POST', path, `{"document":{"_id":"deep","d":${nested(100)}}}`)
    expect(kept.body).toMatchObject({ data: { inserted_count: 1 } })
    const read = await stack.manager.handle({ method: 'GET', path: `/api/platform${path}/deep` })
    expect(read.body.toString()).toContain(nested(100))
    const refused = await raw('POST', path, `{"document":{"d":${nested(200)}}}`)
    expect([refused.status, refused.body.error.code]).toEqual([400, 'VALIDATION_ERROR'])
    expect(refused.body.message).toMatch(/deep|nest|level/)
  })

  test('a document of more than 16 MiB is refused with the limit', async () => {
    const path = `/mongodb/default${documents('large')}`
    const large = await raw('POST', path, JSON.stringify({ document: { d: 'x'.repeat(17 << 20) } }))
    expect([400, 413]).toContain(large.status)
    expect(large.body.error.outcome).toBe('not_applied')
  })

  test('two editors: the second is told of the conflict and shown the current document', async () => {
    await mongo('POST', documents('edits'), { document: { _id: 'x', n: 1 } })
    const path = `${documents('edits')}/x`
    const loaded = (await mongo('GET', `${path}?ejson=canonical`)).body.data
    const edit = (n: number) => ({ update: { $set: { n } }, if_unchanged: loaded })
    expect((await mongo('PUT', path, edit(2))).status).toBe(200)
    const second = await mongo('PUT', path, edit(3))
    expect([second.status, second.body.error.code]).toEqual([409, 'CONFLICT'])
    expect(JSON.stringify(second.body.error.details)).toContain('2')
    expect((await mongo('GET', path)).body.data.n).toBe(2)
  })

  const where = { $where: 'sleep(1000)' }
  const fn = { $function: { body: 'function(){}', args: [], lang: 'js' } }
  const pipelines: Array<[string, unknown[]]> = [
    ['$where in $match', [{ $match: where }]],
    ['$where in $facet', [{ $facet: { a: [{ $match: where }] } }]],
    ['$where in $lookup', [{ $lookup: { from: 'a', as: 'b', pipeline: [{ $match: where }] } }]],
    ['$where in $unionWith', [{ $unionWith: { coll: 'a', pipeline: [{ $match: where }] } }]],
    ['$function in $expr', [{ $match: { $expr: { $eq: [fn, 1] } } }]],
    ['$function in $project', [{ $project: { a: { b: [fn] } } }]],
    [
      '$accumulator',
      [
        {
          $group: {
            _id: null,
            a: {
              $accumulator: {
                init: 'x',
                accumulate: 'x',
                accumulateArgs: [],
                merge: 'x',
                lang: 'js',
              },
            },
          },
        },
      ],
    ],
    ['$out into another database', [{ $out: { db: 'other', coll: 'x' } }]],
    ['$merge into another database', [{ $merge: { into: { db: 'other', coll: 'x' } } }]],
    ['$out inside $facet', [{ $facet: { a: [{ $out: 'x' }] } }]],
    ['$merge inside $lookup', [{ $lookup: { from: 'a', as: 'b', pipeline: [{ $merge: 'x' }] } }]],
    ['a stage nobody knows', [{ $evil: {} }]],
    ['two stages in one', [{ $match: {}, $out: 'x' }]],
  ]

  test.each(pipelines)('%s is refused', async (_name, pipeline) => {
    const path = `/databases/${database}/collections/types/aggregate`
    const { status, body } = await mongo('POST', path, { pipeline })
    expect([400, 403]).toContain(status)
    expect(body.error.code).toMatch(/OPERATION_NOT_ALLOWED|PERMISSION_DENIED|VALIDATION_ERROR/)
  })

  test.each([
    ['at the top', where],
    ['in $and', { $and: [{ a: 1 }, { $or: [where] }] }],
    ['in $expr', { $expr: { $and: [fn] } }],
    ['in $elemMatch', { a: { $elemMatch: where } }],
    ['in $not', { a: { $not: where } }],
  ])('code in a filter %s is refused', async (_name, filter) => {
    const text = encodeURIComponent(JSON.stringify(filter))
    const { status, body } = await mongo('GET', `${documents('types')}?filter=${text}`)
    expect([status, body.error.code]).toEqual([403, 'OPERATION_NOT_ALLOWED'])
  })

  test.each([
    'filter=%7B',
    'filter=1',
    'filter=[]',
    'limit=0',
    'limit=1001',
    'skip=-1',
    'sort=x',
    'ejson=loose',
  ])('the hostile query %s is a clean 400', async (hostile) => {
    const { status, body } = await mongo('GET', `${documents('types')}?${hostile}`)
    expect([status, body.error.code]).toEqual([400, 'VALIDATION_ERROR'])
  })

  test('names that are none are refused before the server sees them', async () => {
    for (const [db, coll] of [
      ['a.b', 'x'],
      ['a%00b', 'x'],
      ['$x', 'x'],
      ['x', ''],
      ['x', 'a%00'],
      ['x'.repeat(80), 'x'],
    ]) {
      const path = `/databases/${db}/collections/${coll}/documents`
      const { status, body } = await mongo('POST', path, { document: {} })
      expect([400, 404]).toContain(status)
      expect(body.error.code).toMatch(/VALIDATION_ERROR|DB_NOT_FOUND/)
    }
  })
})

describe('PostgreSQL values', () => {
  // What pg-meta answers: node-postgres with int8, numeric, dates and intervals left as text.
  test.each<[string, unknown]>([
    ['9007199254740993::int8', '9007199254740993'],
    ['1::int8', 1],
    ['7::int4', 7],
    ['1.2300::numeric', '1.2300'],
    ["'NaN'::numeric", 'NaN'],
    ["'2024-02-29'::date", '2024-02-29'],
    ["'infinity'::timestamp", 'infinity'],
    ["'1 day 02:00'::interval", '1 day 02:00:00'],
    ['\'{"b":1,"a":[null]}\'::json', { b: 1, a: [null] }],
    ["'\\x00ff'::bytea", { type: 'Buffer', data: [0, 255] }],
    ["array['a',null,'']::text[]", ['a', null, '']],
    [
      'array[[1,2],[3,4]]::int[]',
      [
        [1, 2],
        [3, 4],
      ],
    ],
    ["'[1,5)'::int4range", '[1,5)'],
    ["row(1,'a b')", '(1,"a b")'],
    ['null::text', null],
    ['true', true],
    ["'a\u0001b\"\\'::text", 'a\u0001b"\\'],
    ["'00000000-0000-4000-8000-000000000001'::uuid", '00000000-0000-4000-8000-000000000001'],
    ["'127.0.0.1/32'::inet", '127.0.0.1'],
  ])('%s', async (expression, expected) => {
    const { body } = await query(`SELECT ${expression} AS v`)
    expect(body.data?.rows ?? body).toEqual([{ v: expected }])
  })

  test('a double keeps NaN, the infinities and minus zero apart', async () => {
    const { body } = await query(
      `SELECT 'NaN'::float8 AS a, 'Infinity'::float8 AS b, '-Infinity'::float8 AS c, 1.5::float8 AS d`
    )
    expect(body.data.rows[0].d).toBe(1.5)
    expect(Object.keys(body.data.rows[0])).toEqual(['a', 'b', 'c', 'd'])
  })

  test('a column named __proto__ is a column', async () => {
    const answer = await stack.manager.handle({
      method: 'POST',
      path: '/api/platform/postgres/default/query',
      body: Buffer.from(JSON.stringify({ query: 'SELECT 1 AS "__proto__"' })),
    })
    expect(answer.body.toString()).toContain('{"__proto__":1}')
  })

  test.each([
    'CREATE TABLE gate_t (a int)',
    'INSERT INTO pg_temp.x VALUES (1)',
    'DELETE FROM platform.projects',
    'WITH d AS (DELETE FROM platform.projects RETURNING 1) SELECT * FROM d',
    'SELECT 1; SELECT 2',
    "SELECT 1; DROP TABLE IF EXISTS gate_t; SELECT '1'",
    'COMMIT',
    'ROLLBACK; DROP TABLE x',
    'DO $$ BEGIN PERFORM 1; END $$',
    'CALL x()',
    "COPY (SELECT 1) TO PROGRAM 'true'",
    "COPY pg_class TO '/tmp/x'",
    'COPY (SELECT 1) TO STDOUT',
    "SELECT pg_read_file('/etc/passwd')",
    "SELECT pg_catalog.pg_read_file('/etc/passwd')",
    'SELECT "pg_read_file"(\'/etc/passwd\')',
    "SELECT pg_/**/read_file('/etc/passwd')",
    "SELECT pg_ls_dir('/')",
    "SELECT lo_import('/etc/passwd')",
    'SELECT pg_terminate_backend(1)',
    "SELECT set_config('transaction_read_only', 'off', false)",
    "SELECT nextval('x')",
    "SELECT dblink('host=x', 'select 1')",
    'SET ROLE postgres',
    'RESET ROLE',
    'SET SESSION AUTHORIZATION postgres',
    'SET TRANSACTION READ WRITE',
    'BEGIN',
    'LISTEN x',
    'LOCK platform.projects',
    'SELECT * INTO gate_t FROM pg_class',
    'SELECT * FROM platform.projects FOR UPDATE',
    'EXPLAIN ANALYZE DELETE FROM platform.projects',
    'EXPLAIN (ANALYZE true) INSERT INTO platform.projects DEFAULT VALUES',
    'PREPARE x AS SELECT 1',
    'EXECUTE x',
    'VACUUM',
    '-- nothing',
    '',
    "SELECT 'unterminated",
    '/* open',
  ])('read_only refuses: %s', async (text) => {
    const { status, body } = await query(text, { read_only: true, timeout_ms: 3000 })
    expect([400, 403]).toContain(status)
    expect(body.error.outcome).toBe('not_applied')
    expect(body.error.code).not.toBe('INTERNAL_ERROR')
  })

  test.each([
    "SELECT 'a; DELETE FROM x' AS v",
    'SELECT 1 /* ; DROP TABLE x */ AS v',
    'SELECT $$;DELETE$$ AS v',
    'SELECT 1 AS "delete";',
    'WITH a AS (SELECT 1 AS v) SELECT * FROM a',
    'VALUES (1), (2)',
    'TABLE pg_namespace',
    'EXPLAIN SELECT 1',
    'SHOW server_version',
  ])('read_only allows: %s', async (text) => {
    expect((await query(text, { read_only: true })).status).toBe(200)
  })

  test('rows beyond max_rows are cut, and the answer says so', async () => {
    const text = 'SELECT g FROM generate_series(1, 100000) g'
    const cut = (await query(text, { max_rows: 10, read_only: true })).body.data
    expect(cut.rows).toHaveLength(10)
    expect(cut.truncated).toBe(true)
    const whole = (await query('SELECT 1 AS g', { max_rows: 1, read_only: true })).body.data
    expect(whole.truncated).toBe(false)
    expect((await query(text, { max_rows: 100_001 })).status).toBe(400)
  })

  test('a result beyond the byte cap is not collected', async () => {
    const small = await startSmall()
    const text = "SELECT repeat('x', 1000000) AS v FROM generate_series(1, 100)"
    const { status, body } = await small(text)
    const cut = status === 413 || body.data?.truncated === true
    expect(cut).toBe(true)
  })

  async function startSmall() {
    const { ConnectionManager } = await import('studio-multidb')
    const manager = new ConnectionManager({ ...stack.options, maxResultBytes: 4 << 20 })
    return (text: string) =>
      request(manager, 'POST', '/postgres/default/query', { query: text, read_only: true })
  }

  test('a statement past its time is cancelled on the server', async () => {
    const { status, body } = await query('SELECT pg_sleep(30), 7771 AS marker', { timeout_ms: 200 })
    expect([status, body.error.code]).toEqual([504, 'DB_TIMEOUT'])
    const running = await query(
      `SELECT count(*)::int AS n FROM pg_stat_activity
       WHERE state = 'active' AND query LIKE '%7771 AS marker%' AND pid <> pg_backend_pid()`
    )
    expect(running.body.data.rows).toEqual([{ n: 0 }])
  })

  test('parameters are values, never text of the statement', async () => {
    const evil = "'; DROP SCHEMA platform CASCADE; --"
    const { body } = await query('SELECT $1::text AS v', { parameters: [evil], read_only: true })
    expect(body.data.rows).toEqual([{ v: evil }])
  })
})

describe('an HTTP service', () => {
  const canary = 'bun-key-canary-4711'

  beforeAll(async () => {
    await newProject(stack.databaseUrl, 'service')
    const made = await stack.api('POST', '/bun/service/connections', {
      identifier: 'api',
      connection_string: `${service.url}/base`,
      password: canary,
      skip_test: true,
    })
    if (made.status !== 201) throw new Error(JSON.stringify(made.body))
  })

  const send = (body: object) => stack.api('POST', '/bun/service/request', body)

  test('gets the key, and the caller does not', async () => {
    const { status, body } = await send({ method: 'GET', path: '/thing' })
    expect(status).toBe(200)
    const [last] = seen.slice(-1)
    expect(last?.url).toBe('/base/thing')
    expect(JSON.stringify(last?.headers)).toContain(canary)
    expect(JSON.stringify(body)).not.toContain(canary)
    expect(JSON.stringify((await stack.api('GET', '/databases')).body)).not.toContain(canary)
  })

  test('its JSON comes back digit for digit', async () => {
    const answer = await stack.manager.handle({
      method: 'POST',
      path: '/api/platform/bun/service/request',
      body: Buffer.from('{"path":"/json"}'),
    })
    expect(answer.body.toString()).toContain('"big":9007199254740993')
    expect(answer.body.toString()).toContain('{"__proto__":{"kept":true}')
    const bytes = await send({ path: '/binary' })
    expect(bytes.body.data.body).toEqual(binary(0xff, 0, 0xfe))
  })

  test.each([
    '../outside',
    '/../outside',
    '/a/../../outside',
    '/%2e%2e/outside',
    '/%2E%2e%2foutside',
    '/a/..%2f..%2foutside',
    '/%252e%252e/outside',
    '\\..\\outside',
    '/..\\outside',
    '//127.0.0.1/outside',
    'http://127.0.0.1/outside',
    'https://example.com/',
    '/a\r\nX-Evil: 1',
    '/a b\0',
    '/;/../outside',
  ])('is not reached outside its base URL by %j', async (path) => {
    const before = seen.length
    const { status } = await send({ path })
    const reached = seen.slice(before).map(({ url }) => url)
    expect(
      reached.filter((url) => !new URL(url, 'http://x').pathname.startsWith('/base/'))
    ).toEqual([])
    expect(reached.filter((url) => /\.\.|%2e/i.test(decodeURI(url)))).toEqual([])
    if (reached.length === 0) expect([400, 403]).toContain(status)
  })

  test('a redirect is shown, not followed', async () => {
    const before = seen.length
    const { body } = await send({ path: '/leave' })
    expect(seen.slice(before).map(({ url }) => url)).toEqual(['/base/leave'])
    expect(body.data?.status ?? body.error.code).toEqual(expect.anything())
    expect(body.data?.body ?? null).toBeNull()
  })

  test.each([
    'Host',
    'authorization',
    'Cookie',
    'Connection',
    'Transfer-Encoding',
    'content-length',
  ])('the header %s is the manager’s own', async (name) => {
    const before = seen.length
    expect((await send({ path: '/a', headers: { [name]: 'x' } })).status).toBeGreaterThanOrEqual(
      400
    )
    expect(seen).toHaveLength(before)
  })
})
