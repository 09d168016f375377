import { createWebHandler } from 'studio-multidb/next'
import { hangingManager, json, quiet, stubManager } from './stub'

describe('createWebHandler', () => {
  const url = 'http://studio/api/platform/redis/default/keys/a%2Fb?x=%2F'

  it('hands over a Request and returns a Response', async () => {
    const { manager, requests } = stubManager(() => json({ data: 'ž' }, 201))
    const handler = createWebHandler(manager, {
      getUser: () => 'u1',
      getRemoteAddress: () => '192.0.2.1',
    })
    const body = '{"value":9007199254740993}'
    const response = await handler(new Request(url, { method: 'POST', body }))
    expect(response.status).toBe(201)
    expect(await response.json()).toEqual({ data: 'ž' })
    expect(requests[0]).toMatchObject({
      method: 'POST',
      path: '/api/platform/redis/default/keys/a%2Fb',
      query: 'x=%2F',
      user: 'u1',
      remoteAddress: '192.0.2.1',
    })
    expect(String(requests[0]?.body)).toBe(body)
  })

  it('answers HEAD and OPTIONS without a body', async () => {
    const { manager } = stubManager(({ method }) =>
      method === 'OPTIONS' ? json({}, 405, { allow: 'GET' }) : json({ data: [] })
    )
    const handler = createWebHandler(manager)
    const head = await handler(new Request(url, { method: 'HEAD' }))
    expect([head.status, head.headers.get('content-length')]).toEqual([200, '11'])
    expect(await head.text()).toBe('')
    const options = await handler(new Request(url, { method: 'OPTIONS' }))
    expect([options.status, options.headers.get('allow')]).toEqual([204, 'GET, HEAD, OPTIONS'])
  })

  it('refuses a streamed body when the limit is reached', async () => {
    const { manager, requests } = stubManager()
    const handler = createWebHandler(manager, { maxBodyBytes: 10 })
    const endless = new ReadableStream<Uint8Array>({
      pull: (controller) => controller.enqueue(new Uint8Array(8)),
    })
    const init = { method: 'POST', body: endless, duplex: 'half' as const }
    const response = await handler(new Request(url, init))
    expect(response.status).toBe(413)
    expect(requests).toHaveLength(0)
  })

  it('ends the work when the request is aborted', async () => {
    const { manager, begun, aborted } = hangingManager()
    const client = new AbortController()
    const answer = createWebHandler(manager)(new Request(url, { signal: client.signal }))
    await begun
    client.abort()
    await aborted
    expect((await answer).status).toBe(499)
  })

  it('never rejects', async () => {
    const handler = createWebHandler({ handle: () => Promise.reject(new Error('broken')) }, quiet)
    const response = await handler(new Request(url))
    expect(response.status).toBe(500)
    expect(await response.json()).toMatchObject({ error: { code: 'INTERNAL_ERROR' } })
  })
})
