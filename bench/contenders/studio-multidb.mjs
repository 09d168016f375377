import { newManager } from '../child.mjs'
import { newDocuments, pipeline } from '../work.mjs'

/** Door 1 hands out bytes that a route writes to its socket as they are. */
export async function open(servers) {
  const manager = newManager(servers)
  const { scope } = servers
  const redis = manager.redis(scope.redis)
  const handle = async (method, path, query, body) => {
    const answer = await manager.handle({
      method,
      path: `/api/platform${path}`,
      query,
      headers: {},
      ...(body ? { body: Buffer.from(body) } : {}),
    })
    if (answer.status >= 300) throw new Error(answer.body.toString())
    return answer.body
  }
  const collections = `/mongodb/${scope.mongodb}/databases/bench/collections`
  const documents = `${collections}/people/documents`
  const aggregate = JSON.stringify({ pipeline, limit: 500 })
  const select = (limit) =>
    JSON.stringify({
      query: 'SELECT * FROM bench_people ORDER BY id LIMIT $1',
      parameters: [limit],
      read_only: true,
      max_rows: limit,
    })
  let next = 0
  return {
    rows: {
      get: () => redis.get(`bench:${next++ % 1000}`),
      set: () => redis.set(`bench:${next++ % 1000}`, 'a new value'),
      page: () => handle('GET', `/redis/${scope.redis}/keys`, 'count=100&with=type,ttl,size'),
      find: () => handle('GET', documents, 'limit=1000&count=false'),
      findOne: () => handle('GET', `${documents}/${servers.documentId}`, ''),
      aggregate: () => handle('POST', `${collections}/people/aggregate`, '', aggregate),
      insertMany: () => handle('POST', `${collections}/inserted/documents`, '', newDocuments),
      select100: () => handle('POST', `/postgres/${scope.postgres}/query`, '', select(100)),
      select5000: () => handle('POST', `/postgres/${scope.postgres}/query`, '', select(5000)),
      registryList: () => handle('GET', '/databases', ''),
      registryGet: () => handle('GET', `/databases/${scope.redis}`, ''),
    },
    close: () => manager.shutdown(1000),
  }
}
