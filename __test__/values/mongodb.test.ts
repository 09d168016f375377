import { sendRaw, sharedStack } from '../support/stack'

const stack = sharedStack({ rateLimit: 'off' })
const database = `values_${process.pid}_${Date.now().toString(36)}`

const documents = (coll: string) => `/databases/${database}/collections/${coll}/documents`
const mongo = (method: string, path: string, body?: unknown) =>
  stack.api(method, `/mongodb/default${path}`, body)
const raw = (method: string, path: string, body: string | Buffer) =>
  sendRaw(stack.manager, method, path, body)

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
