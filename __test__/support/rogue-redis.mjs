// A Redis server that sends its clients elsewhere.

import { listenLocally } from './listener.mjs'

const SLOTS = 16_384

/** @typedef {{ host: string, port: number }} Address */

/** A reply that is sent as it is. */
class Raw {
  /** @param {string | Buffer} bytes */
  constructor(bytes) {
    this.bytes = Buffer.from(bytes)
  }
}

/** RESP2: strings in bulk, integers, null, arrays; errors as `Error`, anything else by `Raw`. */
function encode(value) {
  if (value instanceof Raw) return value.bytes
  if (value instanceof Error) return Buffer.from(`-${value.message}\r\n`)
  if (value === null) return Buffer.from('$-1\r\n')
  if (Number.isInteger(value)) return Buffer.from(`:${value}\r\n`)
  if (Array.isArray(value)) {
    return Buffer.concat([Buffer.from(`*${value.length}\r\n`), ...value.map(encode)])
  }
  const bytes = Buffer.from(value)
  return Buffer.concat([Buffer.from(`$${bytes.length}\r\n`), bytes, Buffer.from('\r\n')])
}

/** Takes whole commands off the front of `bytes`; returns them and what is left. */
function parseCommands(bytes) {
  const commands = []
  for (;;) {
    const head = line(bytes, 0)
    if (!head) return { commands, rest: bytes }
    let at = head.next
    const parts = []
    for (let left = Number(head.text.slice(1)); left > 0; left--) {
      const size = line(bytes, at)
      if (!size) return { commands, rest: bytes }
      const end = size.next + Number(size.text.slice(1))
      if (bytes.length < end + 2) return { commands, rest: bytes }
      parts.push(bytes.toString('utf8', size.next, end))
      at = end + 2
    }
    commands.push(parts)
    bytes = bytes.subarray(at)
  }
}

function line(bytes, from) {
  const end = bytes.indexOf('\r\n', from)
  return end === -1 ? null : { text: bytes.toString('utf8', from, end), next: end + 2 }
}

/**
 * @param {object} [options]
 * @param {string} [options.host]
 * @param {number} [options.port]
 * @param {Address} [options.moved] where commands on keys are sent with `MOVED`
 * @param {Address} [options.ask] where they are sent with `ASK`
 * @param {Address[]} [options.slots] the nodes that `CLUSTER SLOTS` and its kin name; itself
 *   unless given
 * @param {Address} [options.primary] what a sentinel says the primary is
 * @param {Address[]} [options.replicas] what a sentinel says its replicas are
 * @param {(command: string[]) => any} [options.reply] the reply to a command, or undefined for
 *   the usual one
 */
export async function rogueRedis(options = {}) {
  const seen = []
  const listener = await listenLocally(options, (socket) => {
    let rest = Buffer.alloc(0)
    socket.on('data', (chunk) => {
      const parsed = parseCommands(Buffer.concat([rest, chunk]))
      rest = parsed.rest
      for (const command of parsed.commands) {
        seen.push(command)
        const reply = options.reply?.(command)
        socket.write(encode(reply === undefined ? usual(command, options, self) : reply))
      }
    })
  })
  const self = { host: listener.host, port: listener.port }
  return {
    ...listener,
    url: `redis://${self.host}:${self.port}`,
    /** Every command that came. */
    commands: () => seen,
  }
}

const OK = new Raw('+OK\r\n')

function usual([name, sub = '', ...rest], options, self) {
  switch (name.toUpperCase()) {
    case 'PING':
      return new Raw('+PONG\r\n')
    case 'HELLO':
      return new Error('NOPROTO unsupported protocol version')
    case 'AUTH':
    case 'CLIENT':
    case 'SELECT':
    case 'READONLY':
    case 'ASKING':
      return OK
    case 'ROLE':
      return ['master', 0, []]
    case 'INFO':
      return 'redis_version:7.0.15\r\nredis_mode:cluster\r\nrole:master\r\ncluster_enabled:1\r\n'
    case 'COMMAND':
      return []
    case 'CLUSTER':
      return clusterReply(sub.toUpperCase(), options.slots ?? [self])
    case 'SENTINEL':
      return sentinelReply(sub.toUpperCase(), rest, options)
    default: {
      const [kind, to] = options.moved ? ['MOVED', options.moved] : ['ASK', options.ask]
      return to ? new Error(`${kind} 1 ${to.host}:${to.port}`) : OK
    }
  }
}

const nodeId = (index) => String(index).padStart(40, '0')

/** The slots are shared out evenly among the nodes. */
const ranges = (nodes) =>
  nodes.map((node, index) => ({
    ...node,
    id: nodeId(index),
    from: Math.floor((index * SLOTS) / nodes.length),
    to: Math.floor(((index + 1) * SLOTS) / nodes.length) - 1,
  }))

function clusterReply(sub, nodes) {
  const all = ranges(nodes)
  if (sub === 'SLOTS') {
    return all.map(({ from, to, host, port, id }) => [from, to, [host, port, id]])
  }
  if (sub === 'SHARDS') {
    const node = ({ id, host, port }) => [
      'id',
      id,
      'port',
      port,
      'ip',
      host,
      'endpoint',
      host,
      'role',
      'master',
      'health',
      'online',
    ]
    return all.map((one) => ['slots', [one.from, one.to], 'nodes', [node(one)]])
  }
  if (sub === 'NODES') {
    const text = ({ id, host, port, from, to }) =>
      `${id} ${host}:${port}@${port} master - 0 0 1 connected ${from}-${to}\n`
    return all.map(text).join('')
  }
  if (sub === 'INFO') return 'cluster_enabled:1\r\ncluster_state:ok\r\n'
  return new Error(`ERR unknown subcommand '${sub}'`)
}

function sentinelReply(sub, [name = 'mymaster'], { primary, replicas = [] }) {
  const describe = ({ host, port }, flags) => [
    'name',
    name,
    'ip',
    host,
    'port',
    String(port),
    'flags',
    flags,
  ]
  if (sub === 'GET-MASTER-ADDR-BY-NAME')
    return primary ? [primary.host, String(primary.port)] : null
  if (sub === 'MASTERS') return primary ? [describe(primary, 'master')] : []
  if (sub === 'MASTER') return describe(primary, 'master')
  if (sub === 'REPLICAS' || sub === 'SLAVES') {
    return replicas.map((replica) => describe(replica, 'slave'))
  }
  return sub === 'SENTINELS' ? [] : new Error(`ERR unknown subcommand '${sub}'`)
}
