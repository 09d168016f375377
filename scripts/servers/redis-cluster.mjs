// A Redis cluster, put together without any client program.

import { createProxy } from '../../__test__/support/proxy.mjs'
import { BUS_OFFSET } from './ports.mjs'
import { startRedis } from './redis.mjs'
import { redisCommand } from './resp.mjs'
import { waitFor } from './wait.mjs'

const SLOTS = 16_384
const FORMING_MS = 30_000

/**
 * @param {object} [options]
 * @param {number} [options.primaries]
 * @param {number} [options.replicas] in all, shared out evenly
 * @param {string} [options.generation]
 * @param {string} [options.password]
 * @param {number} [options.nodeTimeoutMs] how long a node may be silent before it counts as down
 * @param {boolean} [options.failsOver] whether a replica takes over by itself then; else only when it
 *   is told to, so that a machine which is busy for a while changes nothing under a test
 * @param {boolean} [options.proxied] puts a fault proxy before each node and has the nodes
 *   announce the proxies' ports, so that clients and replicas are redirected to the proxies
 */
export async function startRedisCluster(options = {}) {
  const { primaries = 3, replicas = 3, generation, password, proxied = false } = options
  const { nodeTimeoutMs = 5_000, failsOver = true } = options
  // A replica is listed once it has heard something from its primary.
  const args = ['--cluster-node-timeout', String(nodeTimeoutMs), '--repl-ping-replica-period', '1']
  if (!failsOver) args.push('--cluster-replica-no-failover', 'yes')
  const start = () => startRedis({ generation, password, cluster: true, args })
  const servers = await Promise.all(Array.from({ length: primaries + replicas }, start))

  const nodes = []
  for (const [index, server] of servers.entries()) {
    const proxy = proxied ? await createProxy({ target: server }) : null
    const ask = (...command) => redisCommand({ port: server.port, password }, ...command)
    if (proxy) await ask('CONFIG', 'SET', 'cluster-announce-port', proxy.port)
    nodes.push({
      id: await ask('CLUSTER', 'MYID'),
      /** At the start; a failover changes it. */
      role: index < primaries ? 'primary' : 'replica',
      /** Of this primary, for a replica. */
      of: index < primaries ? undefined : index % primaries,
      host: server.host,
      port: proxy?.port ?? server.port,
      url: proxy?.through(server.url) ?? server.url,
      server,
      proxy,
      /** Runs a command on this node, past the proxy. */
      ask,
    })
  }
  await form(nodes, primaries)

  return {
    nodes,
    urls: nodes.map(({ url }) => url),
    url: nodes[0].url,
    password,
    generation: servers[0].generation,
    version: servers[0].version,
    /** The same fault on every node's proxy. */
    setFault: (fault) => Promise.all(nodes.map(({ proxy }) => proxy.setFault(fault))),
    async stop() {
      await Promise.all(nodes.map(({ proxy }) => proxy?.stop()))
      await Promise.all(servers.map((server) => server.stop()))
    },
  }
}

async function form(nodes, primaries) {
  await Promise.all(
    nodes.map(async (node, index) => {
      // Epochs that differ from the start spare the nodes from having to agree on them.
      await node.ask('CLUSTER', 'SET-CONFIG-EPOCH', index + 1)
      if (node.role === 'primary') await node.ask('CLUSTER', 'ADDSLOTS', ...slots(index, primaries))
    })
  )
  // Everybody meets everybody: waiting for the news to spread takes longer.
  for (const node of nodes) {
    for (const { server, host, port } of nodes) {
      if (server === node.server) continue
      await node.ask('CLUSTER', 'MEET', host, port, server.port + BUS_OFFSET)
    }
  }
  const within = (what, condition) => waitFor(condition, { timeoutMs: FORMING_MS, what })
  await within('all nodes knowing each other', async () => {
    for (const node of nodes) {
      const lines = await clusterNodes(node)
      if (lines.length !== nodes.length || lines.some((line) => /handshake|:0@/.test(line))) {
        return false
      }
    }
    return true
  })
  for (const node of nodes) {
    if (node.role === 'replica') await node.ask('CLUSTER', 'REPLICATE', nodes[node.of].id)
  }
  const replicas = nodes.length - primaries
  await within('the cluster being ready', async () => {
    for (const node of nodes) {
      const info = await node.ask('CLUSTER', 'INFO')
      if (!info.includes('cluster_state:ok')) return false
      const lines = await clusterNodes(node)
      if (lines.filter((line) => /slave/.test(line)).length !== replicas) return false
      if (lines.some((line) => !/ connected/.test(line))) return false
      const listed = (await node.ask('CLUSTER', 'SLOTS')).flatMap(([, , ...servers]) => servers)
      if (new Set(listed.map(([, port]) => port)).size !== nodes.length) return false
      if (node.role === 'primary') continue
      const replication = await node.ask('INFO', 'replication')
      if (!replication.includes('master_link_status:up')) return false
    }
    return true
  })
}

const clusterNodes = async (node) => (await node.ask('CLUSTER', 'NODES')).trim().split('\n')

/** The slots of one of `count` primaries. */
function slots(index, count) {
  const from = Math.floor((index * SLOTS) / count)
  const to = Math.floor(((index + 1) * SLOTS) / count)
  return Array.from({ length: to - from }, (_, i) => from + i)
}
