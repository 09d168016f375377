// What is asked of MongoDB: the same of every contender.

/** Half of the people, as a page shows them. */
export const pipeline = [
  { $match: { active: true } },
  { $limit: 500 },
  { $project: { name: 1, email: 1, visits: 1, created: 1, address: 1, tags: 1 } },
]

/** The body of a request that inserts 100 documents, as a route gets it. */
export const newDocuments = JSON.stringify({
  documents: Array.from({ length: 100 }, (_, n) => ({
    name: `Person ${n}`,
    visits: { $numberLong: String(n * 1000) },
    created: { $date: '2024-01-01T00:00:00Z' },
    rating: n / 7,
    address: { street: `${n} Main Street`, city: 'Springfield' },
    tags: ['alpha', 'beta'],
  })),
})
