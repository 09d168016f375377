// Supabase's pg-meta before a PostgreSQL server: what our JSON of PostgreSQL is compared with.

import { readFile } from 'node:fs/promises'
import { join } from 'node:path'

import { cached } from './cache.mjs'
import { withFreePort } from './ports.mjs'
import { progress, run } from './run.mjs'
import { removeTemporaryFolder, superviseProcess, temporaryFolder } from './supervised.mjs'
import { waitFor } from './wait.mjs'

const NAME = '@supabase/postgres-meta'
const RELEASE = '0.99.0'
const MINIMUM_NODE = 20
const HOST = '127.0.0.1'

/** Where it is installed, fetched when it isn't here yet. Throws where it can't be had. */
export async function findPgMeta() {
  if (Number.parseInt(process.versions.node, 10) < MINIMUM_NODE) {
    throw new Error(`${NAME} needs Node ${MINIMUM_NODE}; this is ${process.versions.node}`)
  }
  const folder = await cached(`pg-meta-${RELEASE}`, async (target) => {
    progress(`fetching ${NAME} ${RELEASE} from npm…`)
    const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm'
    const quiet = ['--ignore-scripts', '--no-audit', '--no-fund', '--silent']
    await run(npm, ['install', '--prefix', target, ...quiet, `${NAME}@${RELEASE}`], { cwd: target })
  })
  const found = join(folder, 'node_modules', NAME)
  const { version } = JSON.parse(await readFile(join(found, 'package.json'), 'utf8'))
  return { folder: found, version, source: `npm ${NAME}@${RELEASE}` }
}

/**
 * @param {{ host: string, port: number, user: string, password?: string, database: string }}
 *   postgres the server that it asks
 */
export async function startPgMeta(postgres) {
  const program = await findPgMeta()
  const folder = await temporaryFolder()
  return withFreePort(undefined, async (port) => {
    const server = await superviseProcess({
      command: process.execPath,
      args: [join(program.folder, 'dist', 'server', 'server.js')],
      log: join(folder, 'server.log'),
      env: {
        ...process.env,
        PG_META_HOST: HOST,
        // It takes the next port as well.
        PG_META_PORT: String(port),
        PG_META_DB_HOST: postgres.host,
        PG_META_DB_PORT: String(postgres.port),
        PG_META_DB_USER: postgres.user,
        PG_META_DB_PASSWORD: postgres.password ?? '',
        PG_META_DB_NAME: postgres.database,
      },
    })
    const url = `http://${HOST}:${port}`
    await waitFor(
      async () => {
        await server.check()
        return (await fetch(`${url}/health`)).ok
      },
      { timeoutMs: 60_000, what: `${NAME} on port ${port} answering` }
    )
    return {
      url,
      version: program.version,
      source: program.source,
      async stop() {
        await server.stop()
        await removeTemporaryFolder(folder)
      },
    }
  })
}
