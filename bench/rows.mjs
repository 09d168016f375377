// What is compared with what. `reach` are the ratios to the first peer: throughput at least, CPU
// or event-loop time per operation at most. The other peers are shown only.

export const rows = [
  {
    id: '1',
    title: 'GET, 50 in flight',
    row: 'get',
    inFlight: 50,
    peers: ['ioredis', 'node-redis', 'glide'],
    reach: { throughput: 1.5, loop: 0.5 },
  },
  {
    id: '2',
    title: 'GET, 1 in flight',
    row: 'get',
    inFlight: 1,
    peers: ['ioredis'],
    // Auto-pipelining only adds a tick where there is nothing to collect.
    peerRow: { ioredis: 'getAlone' },
    reach: { throughput: 0.8 },
  },
  {
    id: '3',
    title: 'page of 100 keys with type, ttl, size',
    row: 'page',
    inFlight: 8,
    peers: ['ioredis'],
    reach: { throughput: 5, loop: 0.2 },
  },
  {
    id: '4',
    title: 'find 1000 documents as Extended JSON',
    row: 'find',
    inFlight: 4,
    peers: ['mongodb'],
    reach: { cpu: 0.2 },
  },
  {
    id: '5',
    title: 'find one document by _id',
    row: 'findOne',
    inFlight: 16,
    peers: ['mongodb'],
    reach: { throughput: 1.2 },
  },
  {
    id: '6a',
    title: 'select 100 rows as JSON',
    row: 'select100',
    inFlight: 8,
    peers: ['pg'],
    reach: { throughput: 2 },
  },
  {
    id: '6b',
    title: 'select 5000 rows as JSON',
    row: 'select5000',
    inFlight: 4,
    peers: ['pg'],
    reach: { throughput: 3 },
  },
  {
    id: '7a',
    title: 'registry list',
    row: 'registryList',
    inFlight: 16,
    peers: ['pg-meta'],
    reach: { throughput: 50 },
  },
  {
    id: '7b',
    title: 'registry get',
    row: 'registryGet',
    inFlight: 16,
    peers: ['pg-meta'],
    reach: { throughput: 50 },
  },
]
