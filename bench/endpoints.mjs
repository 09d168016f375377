// Row 8: rates through HTTP, each with the 99th percentile that it may take.

const read = (path, query = '') => ({ method: 'GET', path: query ? `${path}?${query}` : path })
const write = (path, body) => ({ method: 'POST', path, body: JSON.stringify(body) })

/** @param {{ scope: Record<string, string>, documentId: string }} servers */
export function endpoints({ scope, documentId }) {
  const redis = `/redis/${scope.redis}`
  const people = `/mongodb/${scope.mongodb}/databases/bench/collections/people`
  // By `_id`, so that there is little for the server to do: what is timed is the way there.
  const one = { _id: { $oid: documentId } }
  const query = new URLSearchParams({ filter: JSON.stringify(one), count: 'false' })
  const pipeline = [{ $match: one }, { $project: { name: 1, address: 1 } }]
  return [
    {
      title: 'Redis GET',
      rate: 5000,
      p99: 10,
      request: (n) => read(`${redis}/get`, `key=bench:${n % 1000}`),
    },
    {
      title: 'Redis SET',
      rate: 3000,
      p99: 15,
      request: (n) => write(`${redis}/set`, { key: `bench:${n % 1000}`, value: `value ${n}` }),
    },
    { title: 'list keys', rate: 1000, p99: 50, request: () => read(`${redis}/keys`, 'count=100') },
    {
      title: 'get a key',
      rate: 2000,
      p99: 30,
      request: (n) => read(`${redis}/keys/bench:${n % 1000}`),
    },
    {
      title: 'find documents',
      rate: 1000,
      p99: 50,
      request: () => read(`${people}/documents`, query),
    },
    {
      title: 'aggregate',
      rate: 200,
      p99: 200,
      request: () => write(`${people}/aggregate`, { pipeline }),
    },
    {
      title: 'test a connection',
      rate: 100,
      p99: 500,
      request: () => write(`/databases/${scope.redis}/test`, {}),
    },
  ].map((endpoint) => ({ ...endpoint, request: prefixed(endpoint.request) }))
}

function prefixed(request) {
  return (n) => {
    const made = request(n)
    return { ...made, path: `/api/platform${made.path}` }
  }
}
