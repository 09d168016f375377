// What the servers hold: enough that a page is a page, of the types that real data has.

import { Redis } from 'ioredis'
import { Long, MongoClient, ObjectId } from 'mongodb'
import pg from 'pg'

const KEYS = 100_000
const PLAIN_KEYS = 1000
const DOCUMENTS = 5000
const ROWS = 10_000
const CHUNK = 2000

/** Writes one key of a type that depends on its number. */
const keyTypes = [
  (to, key, n) => to.set(key, `value ${n}`),
  (to, key, n) => to.set(key, `value ${n}`, 'EX', 86_400),
  (to, key, n) => to.hset(key, { name: `name ${n}`, visits: n, plan: 'free' }),
  (to, key, n) => to.rpush(key, n, n + 1, n + 2),
  (to, key, n) => to.sadd(key, `a${n}`, `b${n}`),
  (to, key, n) => to.zadd(key, n, 'first', n + 1, 'second'),
]

/** 100,000 keys of mixed types, and the strings `bench:0` to `bench:999`. */
export async function fillRedis(url) {
  const redis = new Redis(url)
  try {
    for (let from = 0; from < KEYS; from += CHUNK) {
      const pipeline = redis.pipeline()
      for (let n = from; n < from + CHUNK; n++) {
        if (n < PLAIN_KEYS) pipeline.set(`bench:${n}`, `the value of key number ${n}`)
        else keyTypes[n % keyTypes.length](pipeline, `data:${n}`, n)
      }
      await pipeline.exec()
    }
  } finally {
    redis.disconnect()
  }
}

/** 5,000 documents. @returns {Promise<string>} the id of one of them, as hex digits */
export async function fillMongo(url) {
  const client = await new MongoClient(url).connect()
  try {
    const people = client.db('bench').collection('people')
    const documents = Array.from({ length: DOCUMENTS }, (_, n) => person(n))
    for (let from = 0; from < DOCUMENTS; from += CHUNK) {
      await people.insertMany(documents.slice(from, from + CHUNK))
    }
    return documents[DOCUMENTS >> 1]._id.toHexString()
  } finally {
    await client.close()
  }
}

function person(n) {
  return {
    _id: new ObjectId(),
    name: `Person ${n}`,
    email: `person${n}@example.com`,
    age: 18 + (n % 60),
    visits: Long.fromNumber(n * 1000),
    rating: n / 7,
    active: n % 2 === 0,
    created: new Date(1_700_000_000_000 + n * 1000),
    referrer: new ObjectId(),
    address: { street: `${n} Main Street`, city: 'Springfield', geo: { lat: 44.05, lng: -123.02 } },
    tags: ['alpha', 'beta', `t${n % 10}`],
  }
}

/** A table of 10,000 rows and ten columns of mixed types. */
export async function fillPostgres(url) {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    await client.query(`
      CREATE TABLE bench_people AS
      SELECT n AS id, 'Person ' || n AS name, 'person' || n || '@example.com' AS email,
        (18 + n % 60)::smallint AS age, n / 7.0::float8 AS rating, n % 2 = 0 AS active,
        timestamptz '2024-01-01 00:00:00+00' + n * interval '1 minute' AS created_at,
        md5(n::text)::uuid AS token, jsonb_build_object('plan', 'free', 'seats', n % 9) AS settings,
        CASE WHEN n % 3 = 0 THEN 'a longer note about this person' END AS note
      FROM generate_series(1, ${ROWS}) AS n`)
    await client.query('ALTER TABLE bench_people ADD PRIMARY KEY (id)')
    await client.query('ANALYZE bench_people')
  } finally {
    await client.end()
  }
}
