// `npm run bench`: the package beside the libraries that it replaces, on the same servers, in one
// run. Builds the addon in release first.
//
//   --row 1,6a      only these rows; `8` is HTTP, `9` exports, `10` many connections, `11`
//                   loading, `12` one channel to many sockets
//   --minutes 30    how long row 10 runs; 2 unless given
//   --quick         fewer and shorter rounds
//   --addon <path>  measures this build of the addon instead

import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'

import { npm, root } from './steps/command.mjs'

const { values } = parseArgs({
  options: {
    row: { type: 'string' },
    quick: { type: 'boolean', default: false },
    addon: { type: 'string' },
    minutes: { type: 'string', default: '2' },
  },
})
const settings = values.quick
  ? { rounds: 2, milliseconds: 300, httpMilliseconds: 1000 }
  : { rounds: 6, milliseconds: 1000, httpMilliseconds: 5000 }
const wanted = values.row?.split(',')
const wants = (id) => !wanted || wanted.includes(id) || wanted.includes(id.replace(/[a-z]$/, ''))
const say = (text) => process.stderr.write(`${text}\n`)

const folder = join(root, 'bench')
if (!existsSync(join(folder, 'node_modules'))) {
  say('Installing the peers')
  await npm(['ci', '--prefix', folder])
}
const { buildRelease } = await import('../bench/build.mjs')
const { compare } = await import('../bench/compare.mjs')
const { measureConnections } = await import('../bench/connections.mjs')
const { measureExports } = await import('../bench/exports.mjs')
const { measureFanout } = await import('../bench/fanout/index.mjs')
const { measureEndpoints } = await import('../bench/http.mjs')
const { keep, toMarkdown } = await import('../bench/report.mjs')
const { rows } = await import('../bench/rows.mjs')
const { startServers } = await import('../bench/servers.mjs')
const { measureStartup } = await import('../bench/startup.mjs')

if (!values.addon) say('Building the addon in release; that takes some minutes')
const addon = values.addon ? resolve(values.addon) : await buildRelease()
// The generated loader takes this build then, here and in every process started from here.
process.env.NAPI_RS_NATIVE_LIBRARY_PATH = addon

say('Starting the servers and filling them')
const servers = await startServers()
try {
  const result = { settings, versions: servers.versions, rows: [] }
  for (const definition of rows.filter(({ id }) => wants(id))) {
    say(`${definition.id}: ${definition.title}`)
    result.rows.push(await compare(definition, servers.urls, settings))
  }
  if (wants('8')) {
    say('8: through HTTP')
    const milliseconds = settings.httpMilliseconds
    result.http = await measureEndpoints(servers.urls, { milliseconds })
  }
  if (wants('9')) {
    const records = values.quick ? 50_000 : 1_000_000
    say(`9: exports of ${records} documents and keys`)
    result.exports = await measureExports(servers.urls, { records })
  }
  if (wants('11')) {
    say('11: loading')
    result.startup = await measureStartup(addon)
  }
  if (wants('12')) {
    say('12: one channel to many sockets')
    const rounds = Math.ceil(settings.rounds / 2)
    result.fanout = await measureFanout(servers.urls, { ...settings, rounds })
  }
  // The longest comes last. It is about what stays, and not about time.
  if (wants('10')) {
    const minutes = values.quick ? 0.25 : Number(values.minutes)
    say(`10: many connections, for ${minutes} minutes`)
    result.connections = await measureConnections(servers.urls, { minutes })
  }
  // Part of the rows, or hasty figures, are no result to keep.
  const whole = !wanted && !values.quick
  const text = whole ? await keep(join(folder, 'results'), result) : toMarkdown(result)
  process.stdout.write(text)
} finally {
  await servers.stop()
}
