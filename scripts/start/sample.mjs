// Sample data, filled in through the package's own HTTP API. What is there is left alone, so that
// a second start changes nothing.

const PROJECT = 'default'

/**
 * @param {string} url of the Studio host
 * @param {{ redis: string, mongodb: string, postgres: string, service: string,
 *   serviceKey: string }} targets connection strings
 */
export async function addSampleData(url, targets) {
  const api = client(`${url}/api/platform`)
  const { service, serviceKey } = targets
  await register(api, 'redis', 'sample-cache', { connection_string: targets.redis })
  await register(api, 'mongodb', 'sample-documents', { connection_string: targets.mongodb })
  await register(api, 'postgres', 'sample-tables', { connection_string: targets.postgres })
  await register(api, 'bun_api', 'sample-service', {
    connection_string: service,
    password: serviceKey,
  })
  await Promise.all([addKeys(api), addDocuments(api), addTables(api)])
}

/** Requests to the API; a failure throws the message that the API gave. */
function client(base) {
  return async (method, path, body) => {
    const response = await fetch(base + path, {
      method,
      headers: { 'content-type': 'application/json', 'cache-control': 'no-cache' },
      body: body === undefined ? undefined : JSON.stringify(body),
    })
    const answer = await response.json()
    if (response.ok) return answer.data
    throw new Error(`${method} ${path}: ${answer.message ?? response.status}`)
  }
}

async function register(api, type, name, target) {
  const query = new URLSearchParams({ projectRef: PROJECT, type, limit: '1000' })
  const { databases } = await api('GET', `/databases?${query}`)
  const found = databases.find(({ identifier }) => identifier === name)
  if (!found) {
    const connection = { project_ref: PROJECT, type, name, is_primary: true, ...target }
    const description = 'Made by npm start'
    return api('POST', '/databases', { ...connection, description }).catch((error) => {
      throw new Error(`${name}: ${error.message}`)
    })
  }
  // The port is another one when somebody else has taken it meanwhile.
  const { port } = new URL(target.connection_string)
  if (String(found.port ?? port) !== port || !found.connection_string.includes(`:${port}`)) {
    await api('PATCH', `/databases/${found.id}`, target)
  }
}

const keys = [
  ['user:1', { type: 'hash', value: { name: 'Ada', email: 'ada@example.com', visits: '12' } }],
  ['user:2', { type: 'hash', value: { name: 'Grace', email: 'grace@example.com', visits: '7' } }],
  ['session:4f1c', { type: 'string', value: '{"user":1}', ttl: 86_400 }],
  ['queue:mail', { type: 'list', value: ['welcome:1', 'welcome:2', 'digest:1'] }],
  ['tags:article:1', { type: 'set', value: ['databases', 'rust', 'studio'] }],
  [
    'leaderboard',
    {
      type: 'zset',
      value: [
        { member: 'ada', score: 120.5 },
        { member: 'grace', score: 99 },
      ],
    },
  ],
  [
    'events',
    {
      type: 'stream',
      value: [{ fields: { type: 'login', user: '1' } }, { fields: { type: 'logout', user: '1' } }],
    },
  ],
  ['path/with/slashes', { type: 'string', value: 'slashes in keys work' }],
]

async function addKeys(api) {
  for (const [key, value] of keys) {
    const query = new URLSearchParams({ pattern: key })
    const page = await api('GET', `/redis/${PROJECT}/keys?${query}`)
    if (page.keys.length > 0) continue
    await api('POST', `/redis/${PROJECT}/keys/${encodeURIComponent(key)}`, value)
  }
}

async function addDocuments(api) {
  const base = `/mongodb/${PROJECT}/databases/shop/collections`
  const collections = {
    customers: [
      { _id: 1, name: 'Ada', city: 'London', tags: ['early'], since: date('2023-02-01') },
      { _id: 2, name: 'Grace', city: 'New York', tags: [], since: date('2024-06-15') },
    ],
    orders: [
      { customer: 1, total: { $numberDecimal: '129.90' }, items: [{ sku: 'kbd', quantity: 1 }] },
      { customer: 1, total: { $numberDecimal: '12.00' }, items: [{ sku: 'pad', quantity: 2 }] },
      { customer: 2, total: { $numberDecimal: '499.00' }, items: [{ sku: 'scr', quantity: 1 }] },
    ],
  }
  for (const [name, documents] of Object.entries(collections)) {
    const path = `${base}/${name}/documents`
    const page = await api('GET', `${path}?limit=1`)
    if (page.documents.length === 0) await api('POST', path, { documents })
  }
}

const date = (day) => ({ $date: `${day}T00:00:00Z` })

const statements = [
  `CREATE TABLE IF NOT EXISTS customers (
     id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
     name text NOT NULL,
     email text NOT NULL UNIQUE,
     created_at timestamptz NOT NULL DEFAULT now()
   )`,
  `CREATE TABLE IF NOT EXISTS invoices (
     id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
     customer_id bigint NOT NULL REFERENCES customers ON DELETE CASCADE,
     amount numeric(12, 2) NOT NULL CHECK (amount >= 0),
     lines jsonb NOT NULL DEFAULT '[]',
     paid boolean NOT NULL DEFAULT false
   )`,
  `INSERT INTO customers (name, email)
   VALUES ('Ada', 'ada@example.com'), ('Grace', 'grace@example.com')
   ON CONFLICT (email) DO NOTHING`,
  `INSERT INTO invoices (customer_id, amount, lines, paid)
   SELECT c.id, n * 19.99, jsonb_build_array(jsonb_build_object('line', n)), n % 2 = 0
   FROM customers c, generate_series(1, 5) n
   WHERE NOT EXISTS (SELECT FROM invoices)`,
]

async function addTables(api) {
  for (const query of statements) await api('POST', `/postgres/${PROJECT}/query`, { query })
}
